"""A page in Chromium that reports whatever goes wrong in it, and never leaves this machine."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
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


@pytest.fixture
def page(browser: Browser, complaints: Complaints, screen: dict[str, Any]) -> Iterator[Page]:
    """A fresh page whose complaints are kept, requests to another host among them."""
    context = browser.new_context(**screen)
    opened = context.new_page()
    opened.on("console", lambda message: message.type == "error" and complaints.console.append(message.text))
    opened.on("pageerror", lambda error: complaints.console.append(str(error)))

    def note_request(request: Request) -> None:
        host = urlsplit(request.url).hostname
        if host not in (None, "localhost", "127.0.0.1"):
            complaints.foreign.append(request.url)

    opened.on("request", note_request)
    yield opened
    context.close()
