"""The operators' page of an experiment: drawn, within the screen, in both themes, without a complaint."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import Complaints, enter
from tests.browser.test_every_page import DESK, PHONE
from tests.experiment_world import run_world
from tests.factories import make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCREENS = {
    "desk-light": {"viewport": DESK, "color_scheme": "light", "locale": "en-GB"},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark", "locale": "en-GB"},
}


def log_in(site: LiveServer, page: Page) -> None:
    enter(page, site.url, make_user("alice", is_staff=True, is_superuser=True))


@pytest.mark.parametrize("screen", SCREENS.values(), ids=SCREENS)
def test_a_readout_is_drawn_and_read(
    live_server: LiveServer, page: Page, complaints: Complaints, screen: dict[str, Any]
) -> None:
    experiment = run_world((1.0, 1.4), n_viewers=600, guards=[{"metric": "likes", "tolerance": 0.1}])
    log_in(live_server, page)
    page.goto(f"{live_server.url}/admin/recommender/experiment/{experiment.pk}/readout/")
    lines = page.locator(".experiment-line svg")
    expect(lines.first).to_be_visible()
    expect(page.get_by_text("long_watches (primary)")).to_be_visible()
    assert page.locator(".experiment-span").first.evaluate("rect => rect.getBoundingClientRect().width") > 1
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    found = Axe().run(page, context="#content .experiment")
    assert [one["id"] for one in found.response["violations"]] == []
    assert (complaints.console, complaints.foreign) == ([], [])


def test_the_power_calculator_answers_on_the_form(
    live_server: LiveServer, page: Page, complaints: Complaints
) -> None:
    log_in(live_server, page)
    page.goto(f"{live_server.url}/admin/recommender/experiment/add/")
    page.get_by_role("button", name="How many viewers does this need?").click()
    expect(page.get_by_role("status")).to_contain_text("name planned_units yourself")
    assert (complaints.console, complaints.foreign) == ([], [])
