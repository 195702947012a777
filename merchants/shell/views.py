"""The theme of the pages."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from merchants.shell.frame import THEME_COOKIE, THEMES
from merchants.shell.navigation import go_back

_YEAR_SECONDS = 365 * 86_400


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Remember light or dark in this browser, or follow the system again; back to where one was."""
    theme = request.POST.get("theme", "")
    answer = go_back(request, "overview")
    if theme in THEMES:
        answer.set_cookie(
            THEME_COOKIE, theme, max_age=_YEAR_SECONDS, samesite="Lax", secure=request.is_secure()
        )
    else:
        answer.delete_cookie(THEME_COOKIE)
    return answer
