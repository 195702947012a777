"""The sample shop: made once, plausible, the same from every side, and gone in one click."""

import io

import pytest
from django.core.exceptions import PermissionDenied
from PIL import Image

from merchants.accounts.pictures import SIDE, PictureError, shrink, store_picture
from merchants.figures.facets import sum_all
from merchants.figures.reading import read_series
from merchants.figures.spans import Span
from merchants.models import Account, ActivityDay, ImportFile, Team
from merchants.onboarding.welcome import prepare_first_visit, read_progress, remove_sample_shop
from tests.factories import make_account, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def sample() -> Account:
    return prepare_first_visit(make_user("alice", email="alice@example.org")).accounts.get()


def test_it_came_in_through_the_front_door_and_once(sample: Account) -> None:
    alice = sample.team.memberships.get().user
    assert prepare_first_visit(alice) == sample.team
    assert (Account.objects.count(), Team.objects.count()) == (1, 1)
    assert ImportFile.objects.filter(account=sample).count() == 6
    assert read_progress(alice).has_sample and not read_progress(alice).has_account


def test_its_imports_and_its_activity_tell_the_same(sample: Account) -> None:
    days = (
        ActivityDay.objects.filter(account=sample, facet="source")
        .order_by("day")
        .values_list("day", flat=True)
    )
    span = Span(days[0], days[len(days) - 1])
    imported = read_series(sample, ["views"], span)["views"]
    assert imported.source == "imported"
    sums = sum_all(sample, span)
    assert imported.total == sums["views"]
    assert sums["impressions"] >= sums["views"] > sums["cart_clicks"] > sums["orders"] > 0
    for facet in ("hour", "language", "device", "video"):
        rows = ActivityDay.objects.filter(account=sample, facet=facet).values_list("views", flat=True)
        assert sum(rows) == sums["views"], facet


def test_it_goes_in_one_click_and_a_real_account_does_not(sample: Account) -> None:
    alice = sample.team.memberships.get().user
    real = make_account(alice, "real", team=sample.team.name)
    with pytest.raises(PermissionDenied):
        remove_sample_shop(make_user("charlie"), sample)
    with pytest.raises(ValueError, match="no sample shop"):
        remove_sample_shop(alice, real)
    remove_sample_shop(alice, sample)
    assert list(Account.objects.all()) == [real]
    assert not ActivityDay.objects.exists()


def make_picture(width: int, height: int, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(file, kind)
    return file.getvalue()


def test_a_picture_is_kept_small_and_named_by_what_it_is(sample: Account) -> None:
    avatar = store_picture(sample, make_picture(2000, 1000, "JPEG"))
    with Image.open(io.BytesIO(bytes(avatar.image))) as image:
        assert (image.format, image.size) == ("PNG", (SIDE, SIDE // 2))
    first = avatar.sha256
    assert store_picture(sample, make_picture(10, 10)).sha256 != first


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"<svg/>", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, make_picture(7000, 7000)]
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(PictureError):
        shrink(data)
