"""The preview as a merchant walks it: on a phone and a desk, by day and by night, in both languages."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from recommender.models import ViewerState
from recommender.serving.live import LiveEngine
from tests.browser.conftest import Complaints
from tests.factories import make_user, make_videos
from tests.recommender.conftest import live

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["live"]

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
SCREENS = {
    f"{name}-{scheme}": {"viewport": size, "color_scheme": scheme}
    for name, size in (("phone", PHONE), ("desk", DESK))
    for scheme in ("light", "dark")
}
on_every_screen = pytest.mark.parametrize("screen", SCREENS.values(), ids=SCREENS.keys())


@pytest.fixture
def site(live_server: LiveServer, live: LiveEngine) -> Iterator[str]:
    """The address of a site with videos and a login."""
    make_videos(40)
    make_user("alice")
    live.refresh()
    yield live_server.url


def log_in(page: Page, site: str) -> None:
    page.goto(site + "/preview/")
    page.get_by_label("Login").fill("alice")
    page.get_by_label("Password").fill("a-good-password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("See the feed through a viewer's eyes")


def check_page(page: Page, screen: dict[str, Any]) -> None:
    """What holds for every page: accessible, no sideways scrolling, in the asked colours."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    lightness = sum(int(part) for part in re.findall(r"\d+", paper)[:3]) / 3
    assert (lightness > 128) == (screen.get("color_scheme", "light") == "light"), paper


def sign_up_viewer(page: Page) -> None:
    page.get_by_role("combobox", name="Country").select_option("Malaysia")
    page.get_by_role("combobox", name="App language").select_option("Bahasa Melayu")
    page.get_by_text("fishing", exact=True).check()
    page.get_by_role("button", name="Open their For You").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("For You page 1")


@on_every_screen
def test_from_the_login_to_the_page_after_a_like(
    page: Page, site: str, complaints: Complaints, screen: dict[str, Any]
) -> None:
    page.goto(site)
    check_page(page, screen)
    log_in(page, site)
    check_page(page, screen)
    sign_up_viewer(page)
    expect(page.get_by_role("listitem").filter(has=page.get_by_role("button", name="Like"))).to_have_count(6)
    check_page(page, screen)
    page.get_by_role("button", name="Like").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("For You page 2")
    assert len(ViewerState.objects.get().recent_video_ids) == 1
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("For You page 3")
    assert (complaints.console, complaints.foreign) == ([], [])


def test_two_pages_of_a_feed_show_no_video_twice(page: Page, site: str) -> None:
    log_in(page, site)
    sign_up_viewer(page)
    first = page.locator(".caption").all_inner_texts()
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("For You page 2")
    assert set(first) & set(page.locator(".caption").all_inner_texts()) == set()


@on_every_screen
def test_the_language_is_switched_on_any_page_and_back(
    page: Page, site: str, complaints: Complaints, screen: dict[str, Any]
) -> None:
    log_in(page, site)
    sign_up_viewer(page)
    page.get_by_label("Language", exact=True).click()
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.get_by_role("heading", level=1)).to_have_text("为你推荐 第 1 页")
    check_page(page, screen)
    page.goto(site + "/preview/")
    expect(page.get_by_role("heading", level=1)).to_have_text("用观众的眼睛看推荐流")
    check_page(page, screen)
    page.get_by_label("语言", exact=True).click()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("See the feed through a viewer's eyes")
    assert (complaints.console, complaints.foreign) == ([], [])


@pytest.mark.parametrize("screen", [{"locale": "zh-CN"}], ids=["chinese-browser"])
def test_a_chinese_browser_is_greeted_in_chinese(page: Page, site: str) -> None:
    page.goto(site)
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.get_by_role("heading", level=1)).to_have_text("登录")


def test_a_wrong_password_says_what_to_do(page: Page, site: str, screen: dict[str, Any]) -> None:
    page.goto(site)
    page.get_by_label("Login").fill("alice")
    page.get_by_label("Password").fill("a-wrong-password")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("main")).to_contain_text("not correct")
    expect(page.get_by_label("Login")).to_have_value("alice")
    check_page(page, screen)


def test_the_keyboard_alone_reaches_the_content(page: Page, site: str) -> None:
    log_in(page, site)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("combobox", name="Country")).to_be_focused()


def test_leaving_closes_the_pages(page: Page, site: str) -> None:
    log_in(page, site)
    page.get_by_label("You", exact=True).click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    page.goto(site + "/preview/1/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
