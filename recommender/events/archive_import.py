"""Loads an archive with the same accounts as live activity: a chunk is a batch, and a chunk is done or not.

The batch of a chunk carries its place in its `sender`, written in the chunk's own transaction. An import that
was killed therefore goes on after the last whole chunk, and running it again stores nothing twice.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

import msgspec
from django.utils import timezone

from recommender.events.archive_events import list_history_events, list_log_events
from recommender.events.clock import Clock, to_datetime, to_microseconds
from recommender.events.ingest import store_safely
from recommender.events.kuairand import (
    VideoRecord,
    count_rows,
    find_activity,
    read_history,
    read_log,
    read_videos,
    read_viewers,
)
from recommender.events.rollups import roll_up
from recommender.events.rows import EventRow
from recommender.events.schema import KINDS
from recommender.events.store import Delivery, RefusedRow
from recommender.markets import MARKET_CODES, MARKETS, encode_market
from recommender.models import Creator, EventBatch, Video, Viewer

#: Called with the name of a step, its rows done so far and its rows in all.
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class ImportResult:
    """What an import did; `skipped_chunks` were done by an earlier run."""

    n_creators: int = 0
    n_videos: int = 0
    n_viewers: int = 0
    stored: int = 0
    duplicate: int = 0
    refused: int = 0
    skipped_chunks: int = 0
    kinds: dict[str, int] = field(default_factory=dict)  # stored and duplicate alike


@dataclass(frozen=True, slots=True)
class Import:
    """One import: its folder, everyone's market (None: spread over the eight), how many viewers."""

    folder: Path
    market: str | None = None
    limit_viewers: int | None = None

    def choose_market(self, kind: str, number: int) -> str:
        """The market of a creator or viewer: the given one, or one of the eight by a hash of the id."""
        if self.market is not None:
            return self.market
        digest = blake2b(f"{kind}/{number}".encode(), digest_size=4).digest()
        return MARKET_CODES[int.from_bytes(digest) % len(MARKET_CODES)]

    @property
    def name(self) -> str:
        """How batches of this import are told from those of a sample."""
        return "kuairand" if self.limit_viewers is None else f"kuairand/{self.limit_viewers}"


def import_kuairand(task: Import, report: Progress) -> ImportResult:
    """Load the archive; `report` is called after every chunk.

    Raises
    ------
    ArchiveError
        If a file or column is missing or broken; what was loaded before stays.
    """
    histories, logs = find_activity(task.folder)
    result = ImportResult()
    videos = read_videos(task.folder)
    viewers = read_viewers(task.folder)
    if task.limit_viewers is not None:
        viewers = dict(list(viewers.items())[: task.limit_viewers])
    _publish(task, videos, viewers, result)
    report("catalogue", len(videos) + len(viewers), len(videos) + len(viewers))
    owners = {video.video_id: video.creator_id for video in videos}
    markets = {viewer_id: encode_market(task.choose_market("viewer", viewer_id)) for viewer_id in viewers}
    for path in [*histories, *logs]:
        _load_file(task, path, path in histories, owners, markets, result, report)
    _bring_rollups_up(report)
    return result


def _publish(
    task: Import, videos: list[VideoRecord], viewers: dict[int, dict[str, int]], result: ImportResult
) -> None:
    """Creators, videos and viewers; those that exist already stay as they are."""
    languages = {
        creator_id: MARKETS[task.choose_market("creator", creator_id)].main_language
        for creator_id in {video.creator_id for video in videos}
    }
    creators = [
        Creator(
            id=creator_id,
            handle=f"kuairand_{creator_id}",
            market=task.choose_market("creator", creator_id),
            language=language,
        )
        for creator_id, language in sorted(languages.items())
    ]
    Creator.objects.bulk_create(creators, batch_size=5_000, ignore_conflicts=True)
    rows = [_build_video(video, languages[video.creator_id]) for video in videos]
    Video.objects.bulk_create(rows, batch_size=5_000, ignore_conflicts=True)
    people = [
        Viewer(id=viewer_id, market=market, language=MARKETS[market].main_language, attributes=codes)
        for viewer_id, codes in viewers.items()
        for market in [task.choose_market("viewer", viewer_id)]
    ]
    Viewer.objects.bulk_create(people, batch_size=5_000, ignore_conflicts=True)
    result.n_creators, result.n_videos, result.n_viewers = len(creators), len(videos), len(people)


def _build_video(video: VideoRecord, language: str) -> Video:
    return Video(
        id=video.video_id,
        creator_id=video.creator_id,
        topics=video.topics,
        language=language,
        duration_seconds=video.duration_seconds,
        sound_id=video.sound_id,
        published_at=video.published_at,
        attributes=video.codes,
    )


def _load_file(
    task: Import,
    path: Path,
    is_history: bool,
    owners: dict[int, int],
    markets: dict[int, int],
    result: ImportResult,
    report: Progress,
) -> None:
    n_rows = count_rows(path)
    prefix = f"{task.name}:{path.stem}:"
    done = set(EventBatch.objects.filter(sender__startswith=prefix).values_list("sender", flat=True))
    for chunk in read_history(path) if is_history else read_log(path):
        sender = f"{prefix}{chunk.first}+{len(chunk)}"
        if sender in done:
            result.skipped_chunks += 1
        else:
            events = list_history_events(chunk) if is_history else list_log_events(chunk)
            _load_chunk(sender, events, owners, markets, task.limit_viewers is not None, result)
        report(path.stem, min(chunk.first + len(chunk), n_rows), n_rows)


def _load_chunk(
    sender: str,
    events: Iterator[EventRow],
    owners: dict[int, int],
    markets: dict[int, int],
    is_sample: bool,
    result: ImportResult,
) -> None:
    """Store one chunk; of a sample the other viewers' events are passed over, not refused."""
    received_at = timezone.now()
    clock = Clock.for_archive(to_microseconds(received_at))
    rows: list[EventRow] = []
    refused: list[RefusedRow] = []
    for index, row in enumerate(event for event in events if not is_sample or event.viewer_id in markets):
        fault = _settle(row, clock, owners, markets)
        if fault is None:
            rows.append(row)
        else:
            refused.append(RefusedRow(index, *fault, _describe(row)))
    delivery = Delivery(sender[:64], received_at, None, rows, refused, n_repeats=0)
    _, new_ids = store_safely(delivery)
    result.stored += len(new_ids)
    result.duplicate += len(rows) - len(new_ids)
    result.refused += len(refused)
    for row in rows:
        kind = KINDS[row.kind]
        result.kinds[kind] = result.kinds.get(kind, 0) + 1


def _settle(
    row: EventRow, clock: Clock, owners: dict[int, int], markets: dict[int, int]
) -> tuple[str, str] | None:
    """Fill in owner and market; or the field and reason for which the row cannot be loaded."""
    try:
        clock.settle(row.happened)
        row.creator_id = owners[row.video_id or 0]
        row.market = markets[row.viewer_id]
    except ValueError as error:
        return "happened_at", str(error)
    except KeyError:
        if row.video_id not in owners:
            return "video_id", f"video_id {row.video_id} is not in video_features_basic_pure; add its row"
        return "viewer_id", f"viewer_id {row.viewer_id} is not in user_features_pure; add its row"
    return None


def _describe(row: EventRow) -> str:
    """A row in the words of the API, so that it can be replayed."""
    happened_at: datetime = to_datetime(row.happened)
    event = {
        "event_id": row.event_id,
        "kind": KINDS[row.kind],
        "viewer_id": row.viewer_id,
        "video_id": row.video_id,
        "happened_at": happened_at,
        "source": "for_you",
    }
    if row.watch_ms is not None:
        event["watch_seconds"] = row.watch_ms / 1_000
    return msgspec.json.encode(event).decode()


def _bring_rollups_up(report: Progress) -> None:
    n_due = EventBatch.objects.filter(rolled_up_at=None).count()
    n_done = 0
    while n_batches := roll_up(max_batches=100):
        n_done += n_batches
        report("hourly counts", min(n_done, n_due), max(n_due, n_done))
