"""What happens around a login: where it leads, and which logins have nothing to verify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

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

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Newcomers get a team and a sample shop, and start there."""
        if not Membership.objects.filter(user=request.user.pk).exists():
            prepare_first_visit(request.user)  # type: ignore[arg-type]
            return reverse("welcome")
        return str(super().get_login_redirect_url(request))
