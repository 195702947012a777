"""The whole path of a merchant, as they walk it: from the sign-up to a decision, in one browser."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from merchants.models import Account, AlertRule, Annotation, ImportFile, ShareLink
from tests.browser.conftest import Complaints
from tests.merchants.imports.exports import list_days, make_overview, name_overview, write_csv, write_zip

TODAY = datetime.now(UTC).date()
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def site(live_server: LiveServer) -> Iterator[str]:
    cache.clear()  # sign-ups are limited per address, and every test comes from the same one
    yield live_server.url


def sign_up(page: Page, site: str, email: str) -> None:
    page.goto(site + "/signup/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill("a-good-password-7")
    page.get_by_role("button", name="Create an account").click()
    expect(page).to_have_url(re.compile("confirm-email"))
    code = re.search(r"^\s*([A-Z0-9]{4}-[A-Z0-9]{4})\s*$", mail.outbox[-1].body, re.MULTILINE)
    assert code is not None, mail.outbox[-1].body
    page.get_by_label("Code").fill(code[1])
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome")


def make_upload(folder: Path) -> Path:
    """Two weeks of a real-format overview that end yesterday."""
    days = list_days(TODAY - timedelta(days=14), 14)
    path = folder / name_overview(days[0], handle="my.shop", exported_on=TODAY)
    path.write_bytes(write_zip({"Overview.csv": write_csv(make_overview(days, "vi"))}))
    return path


def connect(page: Page, site: str) -> None:
    page.goto(site + "/accounts/connect/")
    page.get_by_label("Handle").fill("@my.shop")
    page.get_by_label("Name shown on the profile").fill("My Shop")
    page.get_by_label("Country of the account").select_option("MY")
    page.get_by_label("What you sell").fill("lipstick")
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Imports")


def import_file(page: Page, path: Path) -> None:
    page.locator("input[type=file]").set_input_files(path)
    preview = page.get_by_role("region", name=path.name)
    expect(preview).to_contain_text("understood")
    expect(preview).to_contain_text("14")
    assert ImportFile.objects.filter(account__handle="my.shop").count() == 0
    page.get_by_role("button", name="Import this file").click()
    expect(page.locator(".notice")).to_contain_text("1 file is imported.")


def test_from_the_sign_up_to_figures_of_ones_own(
    page: Page, site: str, complaints: Complaints, tmp_path: Path
) -> None:
    sign_up(page, site, "alice@example.org")
    page.get_by_role("link", name="Open the sample shop").click()
    expect(page.locator(".sample")).to_contain_text("every figure here is made up")
    expect(page.locator(".kpi")).to_have_count(6)
    connect(page, site)
    import_file(page, make_upload(tmp_path))
    page.get_by_role("link", name="Overview").first.click()
    views = page.locator(".kpi").first
    expect(views).to_contain_text(f"{sum(1000 + n for n in range(14)) / 1000:.1f}K")
    page.get_by_label("Account").first.click()
    page.get_by_role("link", name="@sample.lips").click()
    page.get_by_role("button", name="Remove the sample").click()
    expect(page.locator(".notice").first).to_contain_text("The sample shop is removed.")
    assert list(Account.objects.values_list("handle", flat=True)) == ["my.shop"]
    assert (complaints.console, complaints.foreign) == ([], [])


def test_charts_are_drawn_and_every_one_has_its_table(page: Page, site: str, complaints: Complaints) -> None:
    sign_up(page, site, "alice@example.org")
    page.goto(site + "/")
    chart = page.locator("#trend figure")
    chart.scroll_into_view_if_needed()
    expect(chart).to_have_attribute("data-drawn", "yes")
    chart.get_by_role("button", name="View as table").click()
    expect(chart.locator("table")).to_be_visible()
    expect(chart.locator("tbody tr")).to_have_count(28)
    with page.expect_download() as download:
        chart.get_by_role("button", name="PNG").click()
    assert download.value.suggested_filename == "trend-views.png"
    assert complaints.console == []


def test_a_note_an_alert_a_report_and_a_link(
    page: Page, site: str, complaints: Complaints, browser: Browser
) -> None:
    sign_up(page, site, "alice@example.org")
    page.goto(site + "/")
    page.get_by_role("button", name="Add a note").click()
    page.locator("#note-dialog").get_by_label("What happened").fill("New shade")
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator("#trend")).to_contain_text("New shade")
    assert Annotation.objects.filter(text="New shade").count() == 1
    page.goto(site + "/alerts/")
    page.get_by_label("Threshold").fill("20")
    page.get_by_role("button", name="Test on the last 90 days").click()
    expect(page.locator("#alert-test")).to_contain_text("in 90 days")
    page.get_by_role("button", name="Save the alert").click()
    expect(page.get_by_text("The alert watches from today on.")).to_be_visible()
    assert AlertRule.objects.filter(threshold=20).count() == 1
    page.goto(site + "/settings/links/?range=90")
    page.get_by_label("Who it is for").fill("The bank")
    page.get_by_label("Password").fill("open sesame")
    page.get_by_role("button", name="Make the link").click()
    address = page.locator("code.secret").inner_text()
    check_shared(browser, address)
    assert ShareLink.objects.get().view_count == 1
    page.get_by_role("button", name="Revoke").click()
    assert page.request.get(address).status == 404
    assert [line for line in complaints.console if "404" not in line] == []


def check_shared(browser: Browser, address: str) -> None:
    """A stranger's browser: the password first, then the one page."""
    context = browser.new_context()
    stranger = context.new_page()
    stranger.goto(address)
    stranger.get_by_label("Password").fill("wrong")
    stranger.get_by_role("button", name="Open").click()
    expect(stranger.get_by_role("alert")).to_contain_text("not the password")
    stranger.get_by_label("Password").fill("open sesame")
    stranger.get_by_role("button", name="Open").click()
    expect(stranger.locator(".kpi")).to_have_count(6)
    expect(stranger.locator("nav")).to_have_count(0)
    context.close()


def test_files_leave_with_what_the_screen_shows(page: Page, site: str) -> None:
    sign_up(page, site, "alice@example.org")
    page.goto(site + "/videos/?sort=-views")
    first = page.locator("#video-table tbody tr").first
    expect(first).to_be_visible()
    shown = first.locator("td").nth(1).inner_text().replace(",", "")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    rows = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert shown in rows[1].split(",")
    assert len(rows) - 1 == 72


def test_theme_and_language_stay_when_a_page_is_opened_again(page: Page, site: str) -> None:
    sign_up(page, site, "alice@example.org")
    page.get_by_label("Theme", exact=True).click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_label("Language", exact=True).click()
    page.get_by_role("button", name="简体中文").click()
    page.goto(site + "/videos/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("heading", level=1)).to_have_text("视频")


def test_the_keyboard_goes_everywhere(page: Page, site: str) -> None:
    sign_up(page, site, "alice@example.org")
    page.keyboard.press("g")
    page.keyboard.press("v")
    expect(page.get_by_role("heading", level=1)).to_have_text("Videos")
    expect(page.locator("#video-table tbody tr").first).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Tab")
    page.locator("body").click(position={"x": 400, "y": 5})
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_card_that_breaks_leaves_the_others_alone(
    page: Page, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("broken on purpose")

    sign_up(page, site, "alice@example.org")
    monkeypatch.setattr("merchants.figures.facets.sum_hours", fail)
    page.goto(site + "/")
    hours = page.locator("#hours")
    expect(hours).to_contain_text("could not be made")
    expect(page.locator(".kpi")).to_have_count(6)
    expect(page.locator("#funnel figure")).to_be_visible()
    monkeypatch.undo()
    hours.get_by_role("button", name="Try again").click()
    expect(hours.locator("figure")).to_be_visible()


def test_a_server_that_does_not_answer_is_a_state_of_the_card(page: Page, site: str) -> None:
    sign_up(page, site, "alice@example.org")
    page.route("**/cards/hours/**", lambda route: route.abort())
    page.goto(site + "/")
    hours = page.locator("#hours")
    expect(hours).to_contain_text("No answer from the server")
    page.unroute("**/cards/hours/**")
    hours.get_by_role("button", name="Try again").click()
    expect(hours.locator("figure")).to_be_visible()
