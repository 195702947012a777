"""An imported export becomes the past a forecast starts from."""

from datetime import date

import pytest

from merchants.models import Account, DailyMetric, ImportFile, Team, VideoMetric
from merchants.reach.past import find_followers, list_past
from merchants.reach.showing import show_backtest

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return Account.objects.create(team=Team.objects.create(name="Alpha"), handle="alpha", market="TH")


def store(account: Account, sha: str, last_day: date, views: dict[str, int]) -> ImportFile:
    file = ImportFile.objects.create(
        account=account, sha256=sha * 64, name="Content.zip", format="studio", row_count=1
    )
    VideoMetric.objects.bulk_create(
        VideoMetric(
            import_file=file, account=account, source="studio", video_ref=ref, first_day=date(2026, 1, 1),
            last_day=last_day, posted_on=date(2026, 1, 1 + place), title=f"video {ref}",
            values={"views": str(count), "likes": str(count // 10)},
        )
        for place, (ref, count) in enumerate(views.items())
    )  # fmt: skip
    return file


def test_the_newest_count_of_each_video_counts_oldest_first(account: Account) -> None:
    store(account, "a", date(2026, 2, 1), {"v1": 100, "v2": 200})
    store(account, "b", date(2026, 2, 20), {"v1": 150})
    past = list_past(account)
    assert [(line["video_ref"], line["views"]) for line in past] == [("v1", 150.0), ("v2", 200.0)]
    assert past[0]["comments"] is None and past[0]["likes"] == 15.0
    assert past[0]["horizon_days"] == pytest.approx(50.5, abs=0.1)


def test_an_undone_file_no_longer_counts(account: Account) -> None:
    store(account, "a", date(2026, 2, 1), {"v1": 100})
    file = store(account, "b", date(2026, 2, 20), {"v1": 150, "v3": 5})
    ImportFile.objects.filter(pk=file.pk).update(undone_at="2026-03-01T00:00Z")
    assert [line["views"] for line in list_past(account)] == [100.0]


def test_followers_are_the_newest_that_a_file_told(account: Account) -> None:
    assert find_followers(account) is None
    file = store(account, "a", date(2026, 2, 1), {})
    for day, value in ((1, 500), (3, 520), (2, 510)):
        DailyMetric.objects.create(
            import_file=file, account=account, day=date(2026, 2, day), metric="followers", value=value
        )
    assert find_followers(account) == 520


def test_the_backtest_looks_at_each_video_that_had_a_past(account: Account) -> None:
    store(account, "a", date(2026, 4, 1), {f"v{n}": 1000 + 37 * n for n in range(20)})
    shown = show_backtest(account)
    assert shown is not None and 0 < shown["videos"] < 20
    (_half, inside_half), (_most, inside_most) = shown["coverage"]
    assert 0 <= inside_half <= inside_most <= 1
