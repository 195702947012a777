"""An account's earlier videos with their counts, from the files it imported."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from merchants.models import Account, DailyMetric, VideoMetric

#: Videos of the past that a forecast reads at most, the newest: older ones tell of another account.
MOST_VIDEOS = 400
_SECONDS_A_DAY = 86_400


def list_past(account: Account) -> list[dict[str, Any]]:
    """Newest imported counts of each video that tells when it was posted, oldest first: plain numbers."""
    rows = (
        VideoMetric.objects.filter(account=account, source="studio", posted_on__isnull=False)
        .current()
        .order_by("video_ref", "-last_day", "-id")
        .distinct("video_ref")
    )
    zone = ZoneInfo(account.zone_name)
    past = [line for row in rows if (line := _read_row(row, zone)) is not None]
    past.sort(key=lambda line: float(line["published_at"]))
    return past[-MOST_VIDEOS:]


def _read_row(row: VideoMetric, zone: ZoneInfo) -> dict[str, Any] | None:
    """One video, or None if the file does not tell its views."""
    if "views" not in row.values or row.posted_on is None:
        return None
    # Files tell the day alone; noon is the least wrong hour.
    posted = datetime.combine(row.posted_on, time(12), zone).astimezone(UTC).timestamp()
    counted = datetime.combine(row.last_day, time(23, 59), zone).astimezone(UTC).timestamp()
    line: dict[str, Any] = {
        "video_ref": row.video_ref,
        "title": row.title[:120],
        "published_at": posted,
        "horizon_days": max((counted - posted) / _SECONDS_A_DAY, 0.5),
    }
    for name in ("views", "likes", "comments", "shares"):
        line[name] = float(row.values[name]) if name in row.values else None
    return line


def find_followers(account: Account) -> int | None:
    """The newest follower count that a file told."""
    newest = (
        DailyMetric.objects.filter(account=account, metric="followers", hour=-1)
        .current()
        .order_by("-day")
        .first()
    )
    return int(newest.value) if newest is not None else None
