"""A card's states: shown, stale, empty, broken, too slow; what it raises never reaches the page."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from merchants.shell import cards
from merchants.shell.cards import Body, Empty, card
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def open_card(view: Any) -> HttpResponse:
    request = RequestFactory().get("/card/", {"from": "2026-01-01"})
    request.user = make_user("alice")
    return card(view)(request)


def test_a_card_shows_its_body_and_how_far_its_figures_reach() -> None:
    day = timezone.now().date()
    page = open_card(
        lambda request: Body("includes/_messages.html", until=day, stale_days=7)
    ).content.decode()
    assert "Data until" in page
    assert "days old" not in page


def test_old_figures_are_shown_with_their_age() -> None:
    day = timezone.now().date() - timedelta(days=9)
    page = open_card(
        lambda request: Body("includes/_messages.html", until=day, stale_days=7)
    ).content.decode()
    assert "These figures are 9 days old." in page


def test_an_empty_card_says_why_and_leads_on() -> None:
    page = open_card(
        lambda request: Empty("No videos", "Import a file.", "/imports/", "Import")
    ).content.decode()
    assert "No videos" in page and 'href="/imports/"' in page


def test_a_card_that_breaks_says_so_with_a_number_and_offers_to_try_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def view(request: Any) -> Body:
        raise KeyError("secret-word")

    answer = open_card(view)
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "secret-word" not in page
    assert 'hx-get="/card/?from=2026-01-01"' in page
    number = page.split("<code>")[1].split("</code>")[0]
    assert number in caplog.text


def test_a_card_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "STATEMENT_MILLISECONDS", 50)

    def view(request: Any) -> Body:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")
        return Body("includes/_messages.html")

    answer = open_card(view)
    assert answer.status_code == 504
    assert "This took too long" in answer.content.decode()


@pytest.mark.parametrize("error", [Http404("gone"), PermissionDenied("no")])
def test_a_refusal_stays_a_refusal(error: Exception) -> None:
    def view(request: Any) -> Body:
        raise error

    with pytest.raises(type(error)):
        open_card(view)
