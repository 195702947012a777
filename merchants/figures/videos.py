"""Every video of an account in one row: what was counted, what files tell, and which stage limits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from merchants.figures import limits
from merchants.figures.facets import Part, list_parts, sum_by
from merchants.figures.spans import ALL_DAYS, Span
from merchants.models import Account, ActivityDay, Facet, VideoMetric
from merchants.shell.tables import Column, Row, Table, read_sort, sort_rows
from recommender import engine

_SOURCES = ("studio", "shop", "download")


COLUMNS = (
    Column("title", _("Video"), link=lambda row: reverse("video", args=[row["video_ref"]])),
    Column("posted_on", _("Posted"), "day"),
    Column("views", _("Views"), "count"),
    Column("finish_rate", _("Watched to the end"), "rate"),
    Column("watch_seconds", _("Average watch time (s)"), "seconds"),
    Column("for_you_share", _("From For You"), "rate"),
    Column("likes", _("Likes"), "count"),
    Column("comments", _("Comments"), "count"),
    Column("shares", _("Shares"), "count"),
    Column("cart_clicks", _("Cart clicks"), "count"),
    Column("orders", _("Orders"), "count"),
    Column("gmv", _("GMV"), "money"),
    Column("stage", _("Limited by")),
    Column("lifetime_views", _("Views, lifetime"), "count"),
    Column("video_ref", _("Video id")),
)
#: Shown until somebody chooses others.
DEFAULT_COLUMNS = (
    "title", "posted_on", "views", "finish_rate", "likes", "cart_clicks", "orders", "gmv", "stage"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows and columns of the table: from the address."""

    search: str = ""
    stage: str = ""
    sort: str = "-views"
    columns: tuple[str, ...] = DEFAULT_COLUMNS


def read_choice(query: Mapping[str, Any], *, is_whole: bool = False) -> Choice:
    """The choice of an address, less what does not exist; `is_whole` takes every column."""
    asked = query.getlist("column") if hasattr(query, "getlist") else []
    known = tuple(column.key for column in COLUMNS if column.key in asked or column.key == "title")
    stage = str(query.get("stage", ""))
    return Choice(
        search=str(query.get("q", ""))[:100].strip(),
        stage=stage if stage in limits.STAGES else "",
        sort=read_sort(str(query.get("sort", "")), COLUMNS, "-views"),
        columns=tuple(column.key for column in COLUMNS) if is_whole else known if asked else DEFAULT_COLUMNS,
    )


def tabulate_videos(account: Account, span: Span, choice: Choice, markets: Sequence[str] = ()) -> Table:
    """The table of all videos, sorted and filtered; the same one that is exported."""
    rows = list_videos(account, span, markets)
    if choice.search:
        word = choice.search.casefold()
        rows = [row for row in rows if word in str(row["title"]).casefold() or word in row["video_ref"]]
    if choice.stage:
        rows = [row for row in rows if row["stage_key"] == choice.stage]
    columns = [column for column in COLUMNS if column.key in choice.columns]
    return Table(columns, sort_rows(rows, choice.sort), _("Videos"), choice.sort)


def list_videos(account: Account, span: Span, markets: Sequence[str] = ()) -> list[Row]:
    """One row per video, in no order; figures that no source tells are None."""
    return _make_rows(
        account, sum_by(account, "key", Facet.VIDEO, span, markets), _read_told(account), markets
    )


def tabulate_top(
    account: Account, span: Span, columns: Sequence[str], count: int, markets: Sequence[str] = ()
) -> Table:
    """The videos with most views: files are asked about these alone."""
    counted = sum_by(account, "key", Facet.VIDEO, span, markets)
    if not counted:
        return tabulate_videos(account, span, Choice(columns=tuple(columns)), markets).cut(count)
    top = sorted(counted, key=lambda ref: (-counted[ref]["views"], ref))[:count]
    rows = _make_rows(account, counted, _read_told(account, top), markets, named=top)
    shown = sort_rows([row for row in rows if row["video_ref"] in top], "-views")
    return Table([column for column in COLUMNS if column.key in columns], shown, _("Videos"), "-views")


def _make_rows(
    account: Account,
    counted: dict[str, dict[str, int]],
    told: dict[str, dict[str, Any]],
    markets: Sequence[str],
    named: Sequence[str] | None = None,
) -> list[Row]:
    """Rows of everything counted or told, judged together; `named` are the ones whose captions are wanted."""
    wanted = counted if named is None else named
    titles = engine.describe_videos([int(ref) for ref in wanted if ref.isdecimal() and ref not in told])
    rows = []
    for ref in {**told, **counted}:
        row: dict[str, Any] = {
            "video_ref": ref,
            **told.get(ref, _UNTOLD),
            **_describe_counts(counted.get(ref)),
        }
        card = titles.get(int(ref)) if ref.isdecimal() else None
        row["title"] = row["title"] or (card.caption if card else "") or ref
        if not markets:  # what files tell stands in where nothing is counted
            for name in ("views", "likes", "comments", "shares", "orders", "finish_rate"):
                row[name] = row.get(f"told_{name}") if row.get(name) is None else row[name]
        rows.append(row)
    limits.judge(account, rows)
    return list(rows)


_UNTOLD: dict[str, Any] = {
    "title": "",
    "posted_on": None,
    "link": "",
    "gmv": None,
    "currency": "",
    "products": "",
}


def _read_told(account: Account, refs: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """What files say of each video: titles from any, lifetime figures from Studio, sales from Shop."""
    found: dict[str, dict[str, Any]] = {}
    rows = VideoMetric.objects.filter(account=account, import_file__undone_at=None)
    latest = (
        (rows.filter(video_ref__in=refs) if refs else rows)
        .order_by("video_ref", "source", "-last_day", "-import_file_id")
        .distinct("video_ref", "source")
        .values("video_ref", "source", "title", "posted_on", "link", "products", "currency", "values")
    )
    for told in latest:
        row = found.setdefault(told["video_ref"], dict(_UNTOLD))
        for name in ("title", "posted_on", "link"):
            row[name] = row[name] or told[name]
        values = told["values"]
        if told["source"] == "shop":
            row |= {"gmv": _read(values, "gmv"), "currency": told["currency"], "products": told["products"]}
            row |= {f"told_{name}": _read(values, name) for name in ("orders", "finish_rate")}
        elif "views" in values:
            row["lifetime_views"] = _read(values, "views")
        for name in ("views", "likes", "comments", "shares"):
            row.setdefault(f"told_{name}", _read(values, name))
    return found


def _read(values: Mapping[str, str], name: str) -> Decimal | None:
    return Decimal(values[name]) if name in values else None


def _describe_counts(sums: dict[str, int] | None) -> dict[str, Any]:
    if sums is None:
        return {"is_counted": False}
    views = sums["views"]
    return {
        "is_counted": True,
        **{
            name: sums[name]
            for name in ("impressions", "views", "likes", "comments", "shares", "cart_clicks")
        },
        "orders": sums["orders"],
        "finish_rate": Decimal(sums["finishes"]) / views if views else None,
        "watch_seconds": Decimal(sums["watch_ms"]) / views / 1000 if views else None,
        "for_you_share": Decimal(sums["for_you_views"]) / views if views else None,
        "value_rate": Decimal(sums["likes"] + 4 * sums["shares"] + 8 * sums["cart_clicks"]) / views
        if views
        else None,
    }


def find_video(account: Account, video_ref: str, span: Span, markets: Sequence[str] = ()) -> Row:
    """One video's row.

    Raises
    ------
    Http404
        The account has no such video.
    """
    counted = sum_by(account, "key", Facet.VIDEO, span, markets)
    rows = _make_rows(account, counted, _read_told(account, [video_ref]), markets, named=[video_ref])
    found = next((row for row in rows if row["video_ref"] == video_ref), None)
    if found is None:
        raise Http404(f"video {video_ref} is none of @{account.handle}'s; see the list of videos")
    return found


def find_titles(account: Account, refs: Sequence[str]) -> dict[str, str]:
    """What videos are called: their caption in the newest file, else on the platform, else their id."""
    told = (
        VideoMetric.objects.filter(account=account, video_ref__in=refs, import_file__undone_at=None)
        .exclude(title="")
        .order_by("video_ref", "-import_file_id")
        .distinct("video_ref")
        .values_list("video_ref", "title")
    )
    titles = dict(told)
    cards = engine.describe_videos([int(ref) for ref in refs if ref.isdecimal() and ref not in titles])
    return {
        ref: titles.get(ref)
        or (cards[int(ref)].caption if ref.isdecimal() and int(ref) in cards else "")
        or ref
        for ref in refs
    }


def list_markets(account: Account, video_ref: str, span: Span, before: Span | None) -> list[Part]:
    """One video's sums by market, most views first."""
    return list_parts(account, "market", Facet.VIDEO, span, before, keys=(video_ref,))


def read_daily_views(account: Account, video_ref: str, span: Span) -> dict[date, int]:
    """One video's views per day; days without any are absent."""
    rows = ActivityDay.objects.filter(
        account=account, facet=Facet.VIDEO, key=video_ref, day__range=(span.first, span.last)
    )
    return dict(rows.order_by("day").values_list("day").annotate(total=Sum("views")))


def read_retention(account: Account, video_ref: str) -> list[tuple[float, int]]:
    """How far viewers watched a video of this account: (share of its length, viewers still there)."""
    is_own = ActivityDay.objects.filter(account=account, facet=Facet.VIDEO, key=video_ref).exists()
    if not is_own or not video_ref.isdecimal():
        return []
    if account.is_sample:
        return make_sample_retention(account, video_ref)
    return engine.read_retention([int(video_ref)])


def make_sample_retention(account: Account, video_ref: str, n_steps: int = 20) -> list[tuple[float, int]]:
    """The made-up curve of a sample shop's video: it ends at the video's own rate of watching to the end."""
    sums = sum_by(account, "key", Facet.VIDEO, ALL_DAYS, keys=(video_ref,))[video_ref]
    views, rate = sums["views"], sums["finishes"] / max(sums["views"], 1)
    power = 0.55 if rate < 0.4 else 0.8
    return (
        [
            (at / n_steps, round(views * (1 - (1 - rate) * (at / n_steps) ** power)))
            for at in range(n_steps + 1)
        ]
        if views
        else []
    )


def find_posted_days(rows: Sequence[Row]) -> dict[str, date]:
    """Day on which each video was posted, where it is known."""
    return {row["video_ref"]: row["posted_on"] for row in rows if row["posted_on"]}
