"""The made-up shop as the files that the platform would export, so that it comes in by the front door."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import xlsxwriter

from merchants.onboarding.sample_world import MARKET_SHARES, MARKETS, PRODUCTS, SEED, SampleWorld

HANDLE = "sample.lips"
#: Days of one Studio download, and of one Shop file.
_STUDIO_DAYS, _SHOP_DAYS = 365, 28

Rows = Iterable[Sequence[Any]]


def list_files(world: SampleWorld) -> list[tuple[str, bytes]]:
    """(name, bytes) of each export."""
    last = world.days[-1]
    epoch = int(datetime.combine(last + timedelta(days=1), datetime.min.time(), UTC).timestamp()) + 7_200
    first = world.days[-_STUDIO_DAYS]
    return [
        (f"Overview_{first}_{epoch}_{HANDLE}.zip", _zip({"Overview.csv": _overview(world)}, last)),
        (f"Viewers_{HANDLE}.zip", _zip({"Viewers.csv": _viewers(world)}, last)),
        (f"Followers_{HANDLE}.zip", _zip(_followers(world), last)),
        (f"Content_{HANDLE}.zip", _zip({"Content.csv": _content(world)}, last)),
        (f"Videodetails_{last}.xlsx", _shop_videos(world)),
        (f"Orders_{last}.csv", _orders(world)),
    ]


def name_video(world: SampleWorld, video: int) -> str:
    """A video's id; as on the platform its upper bits are the second in which it was made."""
    day = world.days[int(world.posted[video])]
    return str(
        (int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()) << 32) + 7_000 + video
    )


def _say(day: date) -> str:
    return f"{day:%B} {day.day}"


def _csv(rows: Rows) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return ("\ufeff" + text.getvalue().rstrip("\n")).encode()


def _zip(entries: dict[str, bytes], last: date) -> bytes:
    file = io.BytesIO()
    stamp = last + timedelta(days=1)
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in entries.items():
            archive.writestr(zipfile.ZipInfo(name, (stamp.year, stamp.month, stamp.day, 2, 0, 0)), data)
    return file.getvalue()


def _overview(world: SampleWorld) -> bytes:
    head = ("Date", "Video Views", "Profile Views", "Likes", "Comments", "Shares", "New followers")
    parts = (world.views, world.likes, world.comments, world.shares, world.follows)
    views, likes, comments, shares, follows = (part.sum(1) for part in parts)
    rows = [
        (_say(day), views[n], world.profile_views[n], likes[n], comments[n], shares[n], follows[n])
        for n, day in enumerate(world.days)
    ]
    return _csv([head, *rows[-_STUDIO_DAYS:]])


def _viewers(world: SampleWorld) -> bytes:
    head = ("Date", "Total Viewers", "New Viewers", "Returning Viewers")
    rows = [
        (_say(day), world.viewers[n], world.new_viewers[n], world.viewers[n] - world.new_viewers[n])
        for n, day in enumerate(world.days)
    ]
    return _csv([head, *rows[-_STUDIO_DAYS:]])


def _followers(world: SampleWorld) -> dict[str, bytes]:
    gained = world.follows.sum(1) - np.random.default_rng(SEED + 1).poisson(3, len(world.days))
    followers = 1_900 + np.cumsum(gained)
    history = [(_say(day), followers[n], gained[n]) for n, day in enumerate(world.days)]
    hours = [
        (_say(day), hour, int(followers[-1] * (0.12 + 0.1 * np.sin((hour - 14) / 24 * 2 * np.pi))))
        for day in world.days[-7:]
        for hour in range(24)
    ]
    shares = [(market, f"{share:.3f}") for market, share in zip(MARKETS, MARKET_SHARES, strict=True)]
    change = "Difference in followers from previous day"
    return {
        "FollowerHistory.csv": _csv([("Date", "Followers", change), *history[-_STUDIO_DAYS:]]),
        "FollowerActivity.csv": _csv([("Date", "Hour", "Active followers"), *hours]),
        "FollowerGender.csv": _csv(
            [("Gender", "Distribution"), ("Female", "0.84"), ("Male", "0.14"), ("Other", "0.02")]
        ),
        "FollowerTopTerritories.csv": _csv([("Top territories", "Distribution"), *shares]),
    }


def _content(world: SampleWorld) -> bytes:
    head = ("Time", "Video title", "Video link", "Post time", "Total likes", "Total comments", "Total shares",
            "Total views")  # fmt: skip
    exported = _say(world.days[-1] + timedelta(days=1))
    within = [n for n in range(len(world.captions)) if world.posted[n] >= len(world.days) - _STUDIO_DAYS + 2]
    rows = [
        (
            exported, world.captions[n], f"https://www.tiktok.com/@{HANDLE}/video/{name_video(world, n)}",
            _say(world.days[int(world.posted[n])]), world.likes[:, n].sum(), world.comments[:, n].sum(),
            world.shares[:, n].sum(), world.views[:, n].sum(),
        )
        for n in reversed(within)
    ]  # fmt: skip
    return _csv([head, *rows])


def _shop_videos(world: SampleWorld) -> bytes:
    head = ("Video ID", "Video Info", "Time", "Products", "VV", "Likes", "Comments", "Shares",
            "New followers", "Product Impressions", "Product Clicks", "Orders", "Video items sold",
            "Gross merchandise value (Video) (£)", "CTR", "Video Finish Rate")  # fmt: skip
    span = slice(-_SHOP_DAYS, None)
    rows: list[tuple[Any, ...]] = []
    for n in range(len(world.captions)):
        views = int(world.views[span, n].sum())
        if views < 10:
            continue
        clicks, orders = int(world.cart_clicks[span, n].sum()), int(world.orders[span, n].sum())
        name, price = PRODUCTS[int(world.product[n])]
        rows.append((
            name_video(world, n), world.captions[n], f"{world.days[int(world.posted[n])]:%Y/%m/%d}", name,
            views,
            *(int(part[span, n].sum()) for part in (world.likes, world.comments, world.shares,
            world.follows)), int(views * 0.62), clicks, orders, orders, f"{orders * price:.2f}",
            f"{100 * clicks / max(views, 1):.2f}%",
            f"{100 * world.finishes[span, n].sum() / max(views, 1):.2f}%",
        ))  # fmt: skip
    title = f"[Date Range]: {world.days[-_SHOP_DAYS]} ~ {world.days[-1]}"
    return _write_xlsx([(title,), (), head, *rows])


def _write_xlsx(rows: Rows) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Video")
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                sheet.write_string(number, column, str(value))
    return file.getvalue()


def _orders(world: SampleWorld) -> bytes:
    head = ("Order ID", "Order Status", "SKU ID", "Product Name", "Quantity", "Order Amount", "Created Time",
            "Paid Time")  # fmt: skip
    rng = np.random.default_rng(SEED + 2)
    rows: list[tuple[Any, ...]] = []
    for n, day in enumerate(world.days):
        for video in np.repeat(np.arange(len(world.captions)), world.orders[n]):
            name, price = PRODUCTS[int(world.product[video])]
            hour, minute = int(rng.integers(8, 23)), int(rng.integers(0, 60))
            status = "Completed" if n < len(world.days) - 6 else "To ship"
            moment = f"{day:%d/%m/%Y} {hour:02}:{minute:02}:00"
            number = f"58{n:06}{len(rows):09}"
            rows.append(
                (number, status if rng.random() > 0.04 else "Cancelled",
                 f"1735474{int(world.product[video]):012}", name, 1, f"{price:.2f}", moment, moment)
            )  # fmt: skip
    return _csv([head, *rows])
