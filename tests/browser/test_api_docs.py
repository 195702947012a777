"""The page to try the API works without any other host, under the site's own content policy."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import Complaints

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_docs_page_lists_the_feed_and_can_be_tried(
    page: Page, live_server: LiveServer, complaints: Complaints
) -> None:
    page.goto(live_server.url + reverse("api:docs"))
    feed = page.locator(".opblock-summary-path", has_text="/feed")
    expect(feed.first).to_be_visible(timeout=15_000)
    feed.first.click()
    expect(page.get_by_role("button", name="Try it out").first).to_be_visible()
    assert complaints.foreign == []
    assert complaints.console == []
