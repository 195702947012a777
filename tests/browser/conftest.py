"""A page in Chromium that reports whatever goes wrong in it, and never leaves this machine."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

#: A busy machine answers late; what is shown in the end is what counts.
expect.set_options(timeout=20_000)

# Playwright's synchronous interface runs an event loop in this thread; Django would refuse the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Complaints:
    """What went wrong in a page: console errors (also violations of the content policy), foreign requests."""

    console: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The installed Chromium; skipped by name where there is none."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium on this machine; .ci/run installs one")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


@pytest.fixture
def complaints() -> Complaints:
    """Filled by `page` while a test runs."""
    return Complaints()


@pytest.fixture
def screen() -> dict[str, Any]:
    """Size, colour scheme and language of the browser; a test names others by parametrizing `screen`."""
    return {}


@contextmanager
def open_page(browser: Browser, complaints: Complaints, screen: dict[str, Any]) -> Iterator[Page]:
    """A fresh page on a screen; what goes wrong in it is kept, requests to another host among it."""
    context = browser.new_context(**screen)
    opened = context.new_page()
    opened.on("console", lambda message: message.type == "error" and complaints.console.append(message.text))
    opened.on("pageerror", lambda error: complaints.console.append(str(error)))

    def note_request(request: Request) -> None:
        host = urlsplit(request.url).hostname
        if host not in (None, "localhost", "127.0.0.1"):
            complaints.foreign.append(request.url)

    opened.on("request", note_request)
    try:
        yield opened
    finally:
        context.close()


@pytest.fixture
def page(browser: Browser, complaints: Complaints, screen: dict[str, Any]) -> Iterator[Page]:
    """A fresh page whose complaints are kept."""
    with open_page(browser, complaints, screen) as opened:
        yield opened


def enter(page: Page, address: str, user: User) -> None:
    """Log a person in on a page, without the form."""
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}])
