"""What happens around a login: where it leads, and which logins have nothing to verify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from merchants.models import Membership
from merchants.onboarding.welcome import prepare_first_visit

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class AccountAdapter(DefaultAccountAdapter):
    """The site's rules for allauth."""

    def pre_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponse | None:
        """A login that an operator made (command line, admin) has no address to confirm: take it as it is."""
        if not options.get("signup") and not EmailAddress.objects.filter(user=user).exists():
            address = user.email or f"{user.get_username()}@localhost"
            EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
        return super().pre_login(request, user, **options)

    def post_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponse:
        """A newcomer gets a team and a sample shop, and starts on the page that says so."""
        answer: HttpResponse = super().post_login(request, user, **options)
        if Membership.objects.filter(user=user).exists():
            return answer
        prepare_first_visit(user)
        return answer if options.get("redirect_url") else redirect("welcome")
