"""The theme of the pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from merchants.shell.frame import THEME_COOKIE, THEMES

_YEAR_SECONDS = 365 * 86_400


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Remember light or dark in this browser, or follow the system again; back to where one was."""
    theme, target = request.POST.get("theme", ""), request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    answer = redirect(target if is_ours else "overview")
    if theme in THEMES:
        answer.set_cookie(
            THEME_COOKIE, theme, max_age=_YEAR_SECONDS, samesite="Lax", secure=request.is_secure()
        )
    else:
        answer.delete_cookie(THEME_COOKIE)
    return answer
