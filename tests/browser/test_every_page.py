"""Every page of the merchant's side: accessible, within the screen, without a complaint, in both themes."""

import gzip
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from merchants.models import Account, ActivityDay, Facet
from merchants.onboarding.welcome import prepare_first_visit
from tests.browser.conftest import Complaints, enter
from tests.factories import make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = """
/ /videos/ /videos/{video}/ /imports/ /alerts/
/reports/ /welcome/ /accounts/connect/ /settings/accounts/ /settings/people/
/settings/keys/ /settings/webhooks/ /settings/links/ /settings/audit/ /settings/login/
/2fa/ /sessions/ /email/ /password/change/
""".split()
DOORS = ("/login/", "/signup/", "/password/reset/")
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
#: Both themes in both languages, each on one of the two sizes.
SCREENS = {
    "desk-light-en": {"viewport": DESK, "color_scheme": "light", "locale": "en-GB"},
    "phone-dark-en": {"viewport": PHONE, "color_scheme": "dark", "locale": "en-GB"},
    "phone-light-zh": {"viewport": PHONE, "color_scheme": "light", "locale": "zh-CN"},
    "desk-dark-zh": {"viewport": DESK, "color_scheme": "dark", "locale": "zh-CN"},
}


@pytest.fixture
def account() -> Account:
    team = prepare_first_visit(make_user("alice", email="alice@example.org"))
    return team.accounts.get()


@pytest.fixture
def site(live_server: LiveServer, account: Account, page: Page) -> Iterator[str]:
    enter(page, live_server.url, account.team.memberships.get().user)
    yield live_server.url


def find_video(account: Account) -> str:
    row = ActivityDay.objects.filter(account=account, facet=Facet.VIDEO).order_by("-views").first()
    assert row is not None
    return row.key


def check(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    expect(page.locator(".skeleton")).to_have_count(0)
    for figure in page.locator("figure[data-chart]").all():
        figure.scroll_into_view_if_needed()
        expect(figure).to_have_attribute("data-drawn", "yes")
    page.evaluate("window.scrollTo(0, 0)")  # as it opens: what slides below the fixed bars is no fault of it
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert found.violations_count == 0, f"{address}\n{found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address


@pytest.mark.parametrize("screen", SCREENS.values(), ids=SCREENS.keys())
def test_every_page_is_accessible_on_every_screen(
    page: Page, site: str, account: Account, complaints: Complaints, screen: dict[str, Any]
) -> None:
    video = find_video(account)
    for path in PAGES:
        check(page, site + path.format(video=video))
    assert (complaints.console, complaints.foreign) == ([], [])


@pytest.mark.parametrize("screen", SCREENS.values(), ids=SCREENS.keys())
def test_every_door_is_accessible_on_every_screen(
    page: Page, live_server: LiveServer, complaints: Complaints, screen: dict[str, Any]
) -> None:
    for path in DOORS:
        check(page, live_server.url + path)
    assert (complaints.console, complaints.foreign) == ([], [])


def test_the_first_view_is_small(page: Page, live_server: LiveServer, site: str) -> None:
    """At most 60 kB as they travel (gzip), charts apart, which come when one nears the screen."""
    weights: dict[str, int] = {}

    def weigh(response: Any) -> None:
        if (
            response.status == 200
            and "plotly-cartesian" not in response.url
            and "/cards/" not in response.url
        ):
            weights[urlsplit(response.url).path] = len(gzip.compress(response.body(), 6))

    page.on("response", weigh)
    page.goto(site + "/")
    page.wait_for_load_state("networkidle")
    assert len(weights) > 8
    assert sum(weights.values()) <= 60_000, weights
