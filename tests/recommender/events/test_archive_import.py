"""The archive as events: stored once however often it is loaded, whether CSV or parquet, killed or not."""

import os
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
import pytest
from django.core.management import CommandError, call_command

from recommender.contracts import encode_actions
from recommender.events import kuairand
from recommender.events.archive_events import FIRST_MS
from recommender.events.archive_import import Import, import_kuairand
from recommender.events.kuairand import LOG_COLUMNS, VIDEO_CODES, VIEWER_CODES
from recommender.events.metrics import count_events, read_account
from recommender.events.rollups import read_span, recount
from recommender.events.schema import KIND_INDEX
from recommender.models import Creator, Event, RefusedEvent, Video, Viewer, ViewerState

pytestmark = pytest.mark.django_db

DAY_MS = 86_400_000
LAST_MS = FIRST_MS + 10 * DAY_MS


def write_table(folder: Path, stem: str, rows: list[dict[str, Any]], suffix: str = ".csv") -> None:
    """A file of the archive."""
    table = pa.Table.from_pylist(rows)
    if suffix == ".csv":
        pa_csv.write_csv(table, folder / f"{stem}.csv")
    else:
        pa_parquet.write_table(table, folder / f"{stem}.parquet")


def make_log_row(user: int, video: int, ms: int, **fields: int) -> dict[str, int]:
    """A row of a log: shown, not played."""
    return {**dict.fromkeys(LOG_COLUMNS, 0), "user_id": user, "video_id": video, "time_ms": ms, **fields}


LOG = [
    make_log_row(0, 0, LAST_MS + 1, play_time_ms=9_000, duration_ms=9_000, long_view=1, is_like=1),
    make_log_row(0, 0, LAST_MS + 1, play_time_ms=9_000, duration_ms=9_000, long_view=1, is_like=1),
    make_log_row(2, 1, LAST_MS + 2, play_time_ms=1_500, duration_ms=20_000, is_hate=1, is_profile_enter=1),
    make_log_row(2, 2, LAST_MS + 3),
]
HISTORY = [
    {
        "user_id": 1, "history_len": 20, "last_time_ms": LAST_MS,
        "watch_seq": [0, 1, 0], "like_seq": [1], "long_watch_seq": [2, 0],
    }
]  # fmt: skip


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Three videos of two creators, three viewers, one history and one log of four rows."""
    codes = dict.fromkeys(VIDEO_CODES, "A")
    videos = [
        {"video_id": number, "author_id": 70 + number % 2, "upload_dt": "2022-04-09",
         "video_duration": duration, "music_id": 500 + number, "tag": tag, **codes}
        for number, duration, tag in ((0, 9_000.0, "39"), (1, 20_000.0, "3,7"), (2, None, None))
    ]  # fmt: skip
    write_table(tmp_path, "video_features_basic_pure", videos)
    viewers = [{"user_id": number, **dict.fromkeys(VIEWER_CODES, number % 2)} for number in range(3)]
    write_table(tmp_path, "user_features_pure", viewers)
    write_table(tmp_path, "history_to_20220418", HISTORY, ".parquet")
    write_table(tmp_path, "log_standard_4_08_to_4_21_pure", LOG)
    return tmp_path


def load(folder: Path, **options: Any) -> str:
    """Run the command; what it printed."""
    output = StringIO()
    call_command("import_events", "kuairand", str(folder), verbosity=0, stdout=output, **options)
    return output.getvalue()


def count_kinds() -> dict[str, int]:
    kinds = {code: name for name, code in KIND_INDEX.items()}
    counts: dict[str, int] = {}
    for kind in Event.objects.values_list("kind", flat=True):
        counts[kinds[kind]] = counts.get(kinds[kind], 0) + 1
    return counts


def test_every_row_becomes_its_events(archive: Path) -> None:
    assert "2 creators, 3 videos, 3 viewers; 16 events stored, 0 duplicates, 0 refused" in load(archive)
    assert count_kinds() == {"impression": 4, "watch": 7, "like": 3, "not_interested": 1, "profile_visit": 1}
    account = read_account()
    assert (account.received, account.stored, account.pending_batches) == (16, 16, 0)
    assert account.is_conserved
    first, last = read_span() or (None, None)
    assert first and last and recount(first, last) == []


def test_videos_and_viewers_carry_what_the_files_tell(archive: Path) -> None:
    load(archive, market="MY")
    video = Video.objects.get(pk=1)
    assert (video.topics, video.sound_id, video.duration_seconds) == (["kuairand:3", "kuairand:7"], 501, 20.0)
    assert (video.language, video.published_at.isoformat()) == ("ms", "2022-04-08T16:00:00+00:00")
    assert Video.objects.get(pk=2).duration_seconds is None
    assert Creator.objects.get(pk=71).market == "MY"
    assert Viewer.objects.get(pk=1).attributes == dict.fromkeys(VIEWER_CODES, 1)


def test_the_history_is_laid_evenly_before_its_last_time(archive: Path) -> None:
    load(archive)
    watches = Event.objects.filter(viewer_id=1, kind=KIND_INDEX["watch"]).order_by("happened_at")
    step = timedelta(milliseconds=(LAST_MS - FIRST_MS) // 20)
    times = [event.happened_at for event in watches]
    assert [after - before for before, after in pairwise(times)] == [step] * 3
    assert times[-1].timestamp() == LAST_MS / 1_000
    long = encode_actions(["long_watch"])
    assert [(event.video_id, event.actions) for event in watches] == [(2, long), (0, 0), (1, 0), (0, long)]


def test_states_and_published_labels_are_kept(archive: Path) -> None:
    load(archive)
    state = ViewerState.objects.get(pk=0)
    assert state.recent_actions == [encode_actions(["finish", "long_watch", "like"])]
    assert state.recent_watch_seconds == [9.0]
    assert set(ViewerState.objects.get(pk=2).seen_video_ids) == {1, 2}
    assert ViewerState.objects.get(pk=1).recent_like_at[0] >= 0


def test_loading_twice_stores_nothing_new(archive: Path) -> None:
    load(archive)
    states = repr(ViewerState.objects.order_by("viewer_id").values())  # NaN equals nothing, its text does
    assert "0 events stored, 0 duplicates, 0 refused; 2 parts were loaded before" in load(archive)
    assert count_events() == (16, 16)
    assert repr(ViewerState.objects.order_by("viewer_id").values()) == states


def test_the_ledger_alone_keeps_a_second_load_from_counting(archive: Path) -> None:
    load(archive)
    load(archive, limit_viewers=3)  # a sample has marks of its own, so every part is sent again
    assert count_events() == (16, 16)
    assert read_account().duplicate == 16


def test_a_killed_import_goes_on_after_the_last_whole_part(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kuairand, "LOG_CHUNK", 1)

    def stop_at(row: int) -> Callable[[str, int, int], None]:
        def report(step: str, n_done: int, n_total: int) -> None:
            if step.startswith("log_") and n_done == row:
                raise KeyboardInterrupt

        return report

    with pytest.raises(KeyboardInterrupt):
        import_kuairand(Import(archive), stop_at(2))
    assert 0 < Event.objects.count() < 16
    result = import_kuairand(Import(archive), lambda *_: None)
    assert (result.skipped_chunks, result.duplicate) == (3, 0)
    assert count_events() == (16, 16)


def test_parquet_and_csv_are_the_same_archive(archive: Path) -> None:
    load(archive)
    stem = "log_standard_4_08_to_4_21_pure"
    (archive / f"{stem}.csv").unlink()
    write_table(archive, stem, LOG, ".parquet")
    load(archive, limit_viewers=3)
    assert count_events() == (16, 16)


def test_a_sample_holds_the_first_viewers_alone(archive: Path) -> None:
    load(archive, limit_viewers=2)
    assert set(Event.objects.values_list("viewer_id", flat=True)) == {0, 1}
    assert Viewer.objects.count() == 2
    assert read_account().refused == 0


def test_rows_that_name_unknown_ids_are_refused_and_counted(archive: Path) -> None:
    write_table(
        archive, "log_random_4_22_to_5_08_pure", [make_log_row(0, 9, LAST_MS), make_log_row(8, 0, LAST_MS)]
    )
    assert "16 events stored, 0 duplicates, 2 refused" in load(archive)
    assert set(RefusedEvent.objects.values_list("field", flat=True)) == {"video_id", "viewer_id"}
    assert read_account().is_conserved


def break_column(archive: Path) -> None:
    rows = [{name: value for name, value in row.items() if name != "is_hate"} for row in LOG]
    write_table(archive, "log_standard_4_08_to_4_21_pure", rows)


def break_value(archive: Path) -> None:
    path = archive / "log_standard_4_08_to_4_21_pure.csv"
    path.write_text(path.read_text().replace("9000", "nine", 1))


def break_video(archive: Path) -> None:
    path = archive / "video_features_basic_pure.csv"
    path.write_text(path.read_text().replace("2022-04-09", "soon", 1))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (break_column, ("log_standard_4_08_to_4_21_pure.csv", "'is_hate'")),
        (break_value, ("log_standard_4_08_to_4_21_pure.csv", "nine")),
        (break_video, ("video_features_basic_pure.csv", "'upload_dt'")),
        (lambda folder: (folder / "user_features_pure.csv").unlink(), ("user_features_pure.csv",)),
        (
            lambda folder: (folder / "history_to_20220418.parquet").write_bytes(b"PAR1 torn"),
            ("history_to_20220418.parquet",),
        ),
    ],
)
def test_a_damaged_archive_is_refused_by_file_and_column(
    archive: Path, damage: Callable[[Path], Any], words: tuple[str, ...]
) -> None:
    damage(archive)
    with pytest.raises(CommandError) as caught:
        load(archive)
    assert all(word in str(caught.value) for word in words)


def test_a_folder_without_activity_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"no log_\*\.csv"):
        load(tmp_path)
    with pytest.raises(CommandError, match="is not a folder"):
        load(tmp_path / "absent")
    with pytest.raises(CommandError, match="--limit-viewers is 0"):
        load(tmp_path, limit_viewers=0)


@pytest.mark.real_data
def test_a_sample_of_the_real_archive_loads_whole(data_dir: Path) -> None:
    if not os.path.isdir(data_dir / "kuairand"):
        pytest.skip("TTOK_DATA_DIR has no kuairand folder")
    load(data_dir / "kuairand", limit_viewers=60)
    account = read_account()
    assert account.stored > 2_000
    assert (account.duplicate, account.refused, account.is_conserved) == (0, 0, True)
    assert count_events() == (account.stored, account.stored)
    first, last = read_span() or (None, None)
    assert first and last and recount(first, last) == []
    assert Video.objects.count() == 7_583
