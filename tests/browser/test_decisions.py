"""From a question to a decision, in one browser: which country, which video, which name, and who is told."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from merchants.jobs.working import work_on
from merchants.models import Account, ActivityDay, Facet, Job, NicheScore, ReportSchedule
from merchants.reach.simulating import WORKS
from recommender import engine
from recommender.models import Creator, GroupVersion, VideoStage
from recommender.serving import niche as serving_niche
from recommender.serving import search as serving_search
from recommender.serving.live import LiveEngine
from tests.browser.conftest import Complaints, enter, open_page
from tests.browser.test_every_page import SCREENS, check
from tests.factories import make_account, make_user, make_videos
from tests.merchants.conftest import quick_runs
from tests.recommender.conftest import live

pytestmark = [
    pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick_runs"),
]  # fmt: skip
__all__ = ["live", "quick_runs"]


@pytest.fixture
def alice(live: LiveEngine) -> User:
    """Alice sells lipstick under a name that does not say so; the platform knows her videos and her peers."""
    cache.clear()
    serving_search._live.update(state=None, index=None, ids=None, checked_at=0.0)
    serving_niche._reader.update(version=None, reader=None, checked_at=0.0)
    make_videos(40)
    for pk, nickname in ((21, "Gincu Cantik"), (22, "Lipstick Lab"), (23, "Kasut Murah")):
        Creator.objects.create(pk=pk, handle=f"c{pk}", nickname=nickname, market="MY", language="ms")
    engine.read_creators()
    live.refresh()
    user = make_user("alice", email="alice@example.org")
    about: dict[str, Any] = {
        "nickname": "Siti Nur",
        "market": "MY",
        "language": "en",
        "niche": "lipstick",
        "creator_id": 11,
    }
    account = make_account(user, "sitinur", **about)
    count_activity(account)
    return user


def count_activity(account: Account) -> None:
    """Two videos of the account, one of them new with its first viewers, and a group of viewers."""
    day = datetime.now(UTC).date() - timedelta(days=2)
    groups = [{"id": 3, "traits": ["+like", "-swipe"], "size": 9, "centre": []}]
    GroupVersion.objects.create(kind="engagement", number=1, viewer_count=9, groups=groups, is_live=True)
    facets = ((Facet.VIDEO, "1"), (Facet.VIDEO, "8"), (Facet.GROUP, "3"), (Facet.SOURCE, "for_you"))
    counts = dict.fromkeys(ActivityDay.MEASURES, 400)
    for facet, key in facets:
        ActivityDay.objects.create(account=account, facet=facet, day=day, market="MY", key=key, **counts)
    told = {"pool": 0, "shown_count": 61, "good_count": 9, "mean": 0.17, "bar": 0.31}
    VideoStage.objects.create(video_id=1, market="MY", state="let_go", **told)


@pytest.fixture
def site(live_server: LiveServer, alice: User, page: Page) -> Iterator[str]:
    enter(page, live_server.url, alice)
    yield live_server.url


def ask_for_reach(page: Page, site: str) -> Job:
    """The form as it is prefilled, with a caption, for two countries."""
    page.goto(site + "/reach/")
    page.get_by_role("link", name="New simulation").first.click()
    page.get_by_label("Caption with hashtags").fill("Gincu matte tahan lama #lipstick")
    chips = page.locator(".chips input")
    for box in chips.all():
        if box.get_attribute("value") not in ("MY", "SG"):
            box.uncheck()
    page.get_by_role("button", name="Simulate").click()
    expect(page.locator("#progress")).to_contain_text("Waiting for a worker")
    return Job.objects.get()


def test_a_draft_is_asked_about_watched_read_updated_and_compared(
    page: Page, site: str, complaints: Complaints
) -> None:
    first = ask_for_reach(page, site)
    work_on(first.pk, WORKS)
    expect(page.locator(".reach-headline")).to_contain_text("median")
    expect(page.locator(".milestones")).to_contain_text("1M")
    expect(page.get_by_role("heading", name="What would help most")).to_be_visible()
    page.get_by_label("Views by then").fill("900")
    page.get_by_role("button", name="Update the forecast").click()
    expect(page.locator("#progress")).to_be_visible()
    work_on(Job.objects.first().pk, WORKS)  # type: ignore[union-attr]
    expect(page.locator(".reach-headline")).to_be_visible()
    expect(page.get_by_text("With 900 views after")).to_be_visible()
    page.get_by_role("heading", name="Compare with").locator("xpath=../..").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Two simulations side by side")
    check(page, page.url)
    page.goto(f"{site}/reach/{first.pk}/")
    page.get_by_role("link", name="Change and run again").click()
    page.get_by_label("Length in seconds").fill("9")
    page.get_by_role("button", name="Simulate").click()
    expect(page.locator("#progress")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Nothing was kept.")).to_be_visible()
    page.get_by_role("link", name="Reach").first.click()
    states = page.locator("tbody .badge")
    expect(states).to_have_text(["Cancelled", "Done", "Done"])
    assert (complaints.console, complaints.foreign) == ([], [])


def read_score(page: Page) -> int:
    return int(re.sub(r"/100.*", "", page.locator("#judgement .niche-number").inner_text(), flags=re.DOTALL))


def test_a_new_name_is_tried_judged_at_once_and_kept(page: Page, site: str, complaints: Complaints) -> None:
    page.goto(site + "/niche/")
    before = read_score(page)
    name = page.get_by_role("textbox", name="Nickname")
    name.press("End")
    name.press_sequentially(" Lipstick Studio")
    expect(page.locator("#judgement")).to_contain_text("A draft: nothing is saved yet.")
    expect(page.locator("#judgement .niche-words").first).to_contain_text("lipstick")
    assert read_score(page) > before
    assert NicheScore.objects.count() == 0
    page.get_by_role("button", name="Save and keep in the history").click()
    expect(page.get_by_role("region", name="History")).to_contain_text("Siti Nur Lipstick Studio")
    assert NicheScore.objects.count() == 1
    assert (complaints.console, complaints.foreign) == ([], [])


def test_the_rank_of_a_tried_name_stands_beside_the_present_one(
    page: Page, site: str, complaints: Complaints
) -> None:
    page.goto(site + "/search/")
    page.locator("[name=query]").fill("gincu")
    page.locator("[name=market]").select_option("MY")
    page.locator("[name=new_name]").fill("Gincu Siti")
    page.get_by_role("button", name="Show my rank").click()
    expect(page.locator(".rank-tried")).to_contain_text("With the name “Gincu Siti”")
    expect(page.locator(".rank-wall")).to_contain_text("Gincu Cantik")
    assert (complaints.console, complaints.foreign) == ([], [])


def test_a_report_is_scheduled_looked_at_sent_and_removed(
    page: Page, site: str, complaints: Complaints
) -> None:
    page.goto(site + "/reports/")
    page.get_by_label("Name of the report").fill("Monday figures")
    page.get_by_role("button", name="Schedule it").click()
    expect(page.locator(".notice").first).to_contain_text("The report is scheduled.")
    assert ReportSchedule.objects.get().recipients == ["alice@example.org"]
    page.get_by_role("button", name="Send now").click()
    expect(page.locator(".notice").first).to_contain_text("The report is sent.")
    assert mail.outbox[-1].bcc == ["alice@example.org"]
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".notice").first).to_contain_text("The report is removed.")
    assert ReportSchedule.objects.count() == 0
    assert (complaints.console, complaints.foreign) == ([], [])


def test_every_page_of_a_decision_is_accessible_on_every_screen(
    page: Page, site: str, browser: Browser, alice: User, complaints: Complaints
) -> None:
    job = ask_for_reach(page, site)
    work_on(job.pk, WORKS)
    pages = (
        "/videos/1/", "/niche/", "/reach/", "/reach/new/", f"/reach/{job.pk}/",
        "/search/?query=gincu&market=MY&new_name=Gincu+Siti",
    )  # fmt: skip
    for screen in SCREENS.values():
        with open_page(browser, complaints, screen) as opened:
            enter(opened, site, alice)
            for path in pages:
                check(opened, site + path)
    assert (complaints.console, complaints.foreign) == ([], [])
