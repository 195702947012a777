"""What the README's pictures show, and how they are taken (see `take_pictures`).

A site of its own is started with the sample shop, peers to be found beside it, and one simulation; nothing
that is already there is read or changed.
"""

import os
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from PIL import Image
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from merchants.jobs.working import work_on
from merchants.models import Account
from merchants.onboarding.welcome import prepare_first_visit
from merchants.reach.simulating import WORKS, ask
from recommender import engine
from recommender.management.demo_faces import draw_face
from recommender.models import Creator
from recommender.serving.live import LiveEngine
from recommender.simulation.population import TOPICS
from tests.browser.conftest import Complaints, enter, open_page
from tests.browser.test_every_page import DESK, PHONE, find_video
from tests.factories import make_user, make_videos
from tests.recommender.conftest import live
from ttok_site.places import BASE_DIR

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["live"]

PICTURES = BASE_DIR / "merchants" / "static" / "merchants" / "pictures"
LIGHT = {"viewport": DESK, "color_scheme": "light", "locale": "en-GB"}
DARK = {"viewport": DESK, "color_scheme": "dark", "locale": "en-GB"}
HAND = {"viewport": PHONE, "color_scheme": "dark", "locale": "zh-CN"}
#: Name of a picture -> page and screen.
SHOWN = {
    "overview": ("/", LIGHT),
    "videos": ("/videos/", DARK),
    "reach": ("/reach/{job}/", LIGHT),
    "niche": ("/niche/", LIGHT),
    "search": ("/search/?query=lipstick&market=GB&new_name=Rosie+Lipstick", LIGHT),
    "phone": ("/", HAND),
}
LOOKED_AT = {
    "overview": "/", "videos": "/videos/", "video": "/videos/{video}/", "reach": "/reach/",
    "new": "/reach/new/", "result": "/reach/{job}/", "niche": "/niche/",
    "search": "/search/?query=lipstick&market=GB&new_name=Rosie+Lipstick", "imports": "/imports/",
    "alerts": "/alerts/", "reports": "/reports/",
}  # fmt: skip
ROOMS = {
    "desk-light-en": LIGHT,
    "desk-dark-zh": {**DARK, "locale": "zh-CN"},
    "phone-light-en": {**LIGHT, "viewport": PHONE},
    "phone-dark-zh": HAND,
}
PEERS = (
    "Velvet Lips London", "The Lipstick Drawer", "Matte & Co", "Gloss by Amara", "Lip Lab UK",
    "Rouge Market", "Tint Theory", "Berry Pout",
)  # fmt: skip
#: What a picture may weigh, bytes, and how wide it is, pixels.
MOST_BYTES, WIDTH = 60_000, 960


@pytest.fixture
def account(live: LiveEngine) -> Account:
    """The sample shop among its peers, each with a face."""
    make_videos(60)
    for place, name in enumerate(PEERS):
        Creator.objects.create(
            pk=31 + place, handle=name.lower().replace(" ", ""), nickname=name, market="GB", language="en"
        )
    engine.read_creators()
    for place, name in enumerate(PEERS):
        engine.keep_picture(31 + place, draw_face(TOPICS.index("lipstick"), name, place))
    live.refresh()
    team = prepare_first_visit(make_user("alice", email="alice@example.org"))
    return team.accounts.get()


@pytest.fixture
def places(account: Account) -> dict[str, str]:
    """A video and a finished simulation of the account."""
    asked = {
        "caption": "The shade everybody asks for #liptint #lipstick", "draft_topics": ["lipstick"],
        "language": "en", "duration_seconds": 17.0, "published_at": time.time() + 86_400,
        "account_market": "GB", "followers": 24_000, "has_cart": True, "price": 8.9,
        "markets": ["GB", "US", "MY", "SG"],
        "horizon_hours": 168, "n_replicates": 400, "seed": 7,
    }  # fmt: skip
    job, _ = ask(account, "The shade everybody asks for", asked, "", None)
    done = work_on(job.pk, WORKS)
    assert done is not None and done.result is not None, done and done.reason
    return {"job": str(job.pk), "video": find_video(account)}


@pytest.fixture
def site(live_server: LiveServer, places: dict[str, str]) -> Iterator[str]:
    yield live_server.url


def take(page: Page, address: str, *, is_whole: bool) -> bytes:
    """A page once everything in it is drawn, as PNG."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    for figure in page.locator("figure[data-chart]").all():
        figure.scroll_into_view_if_needed()
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_load_state("networkidle")
    return page.screenshot(full_page=is_whole)


def keep(png: bytes, path: Path) -> None:
    """As WebP, as good as the weight allows."""
    image = Image.open(BytesIO(png)).convert("RGB")
    if image.width > WIDTH:
        image = image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS)
    for quality in (80, 65, 50, 35, 20):
        image.save(path, "WEBP", quality=quality, method=6)
        if path.stat().st_size <= MOST_BYTES:
            return
    raise ValueError(f"{path.name} weighs {path.stat().st_size} bytes, more than {MOST_BYTES}")


def test_pictures(
    site: str, places: dict[str, str], browser: Browser, account: Account, complaints: Complaints
) -> None:
    user: User = account.team.memberships.get().user
    if folder := os.environ.get("TTOK_PICTURES"):
        for room, screen in ROOMS.items():
            with open_page(browser, complaints, screen) as page:
                enter(page, site, user)
                for name, path in LOOKED_AT.items():
                    png = take(page, site + path.format(**places), is_whole=True)
                    (Path(folder) / f"{name}-{room}.png").write_bytes(png)
        return
    PICTURES.mkdir(exist_ok=True)
    for name, (path, screen) in SHOWN.items():
        with open_page(browser, complaints, screen) as page:
            enter(page, site, user)
            keep(take(page, site + path.format(**places), is_whole=False), PICTURES / f"{name}.webp")
