"""One row per video from every source, sorted and filtered, with the stage that limits it."""

from datetime import date
from typing import Any

import pytest
from django.http import Http404, QueryDict

from merchants.figures import videos
from merchants.figures.spans import Span
from merchants.imports.storing import import_file
from merchants.models import Account, ActivityDay, Facet
from tests.factories import make_account, make_user
from tests.merchants.imports.exports import make_shop_videos

pytestmark = pytest.mark.django_db
SPAN = Span(date(2026, 1, 1), date(2026, 1, 31))


@pytest.fixture
def account() -> Account:
    return make_account(make_user("alice"), "lip.studio")


def count(account: Account, ref: str, views: int, finish_rate: float, **sums: int) -> None:
    told = {**dict.fromkeys(ActivityDay.MEASURES, 0), "views": views, "impressions": views,
            "finishes": round(views * finish_rate), "likes": views // 10, **sums}  # fmt: skip
    ActivityDay.objects.create(
        account=account, facet=Facet.VIDEO, day=date(2026, 1, 5), market="GB", key=ref, **told
    )


def list_stages(account: Account) -> dict[str, Any]:
    return {row["video_ref"]: row["stage_key"] for row in videos.list_videos(account, SPAN)}


def test_each_stage_is_told_from_the_first_rate_that_lies_behind(account: Account) -> None:
    for ref in ("10", "11", "12"):
        count(account, ref, 1000, 0.5)
    count(account, "20", 1000, 0.2)
    count(account, "21", 1000, 0.5, likes=1)
    count(account, "22", 300, 0.5)
    count(account, "23", 20, 0.1)
    limited = {"20": "prediction", "21": "rerank", "22": "recall", "23": "new"}
    assert list_stages(account) == {"10": "none", "11": "none", "12": "none", **limited}


def test_a_file_brings_titles_and_sales_to_what_was_counted(account: Account) -> None:
    count(account, "7602469346252312210", 400, 0.5)
    headers = ["Video ID", "Video Info", "Time", "VV", "Orders", "Video Revenue (£)"]
    rows = [["7602469346252312210", "Red lips", "2026/01/07", "390", "4", "35.60"],
            ["7602469346252312211", "Told alone", "2026/01/08", "12", "1", "8.90"]]  # fmt: skip
    assert not import_file(account, None, "v.xlsx", make_shop_videos(rows, headers)).is_refused
    table = videos.tabulate_videos(account, SPAN, videos.Choice(columns=("title", "views", "gmv")))
    assert [[cell.text for cell in row] for row in table.shown_rows] == [
        ["Red lips", "400", "£35.60"],
        ["Told alone", "12", "£8.90"],
    ]


@pytest.mark.parametrize(
    ("query", "refs"),
    [
        ("", ["2", "1"]),
        ("sort=views", ["1", "2"]),
        ("q=1", ["1"]),
        ("stage=new", ["1"]),
        ("stage=x&sort=y", ["2", "1"]),
    ],
)
def test_a_table_follows_its_address(account: Account, query: str, refs: list[str]) -> None:
    count(account, "1", 50, 0.5)
    count(account, "2", 5000, 0.5)
    choice = videos.read_choice(QueryDict(query))
    assert [row["video_ref"] for row in videos.tabulate_videos(account, SPAN, choice).rows] == refs


def test_a_video_of_another_account_is_not_found(account: Account) -> None:
    other = make_account(make_user("charlie"), "other")
    count(other, "9", 500, 0.5)
    with pytest.raises(Http404):
        videos.find_video(account, "9", SPAN)
    assert videos.read_retention(account, "9") == []
