"""The reader on a small archive in the published form, and on the real one."""

from pathlib import Path

import numpy as np
import pytest

from recommender.contracts import ACTION_INDEX
from recommender.training.kuairand import read_kuairand

VIDEO_HEADER = (
    "video_id,author_id,video_type,upload_dt,upload_type,visible_status,video_duration,server_width,"
    "server_height,music_id,music_type,tag"
)
USER_HEADER = (
    "user_id,user_active_degree,is_live_streamer,is_video_author,follow_user_num_range,fans_user_num_range,"
    "friend_user_num_range,register_days_range," + ",".join(f"onehot_feat{n}" for n in range(18))
)
LOG_HEADER = (
    "user_id,video_id,date,hourmin,time_ms,is_click,is_like,is_follow,is_comment,is_forward,is_hate,long_view,"
    "play_time_ms,duration_ms,tab"
)


def write_archive(folder: Path) -> None:
    """Three videos, two viewers, two days, in the CSV form of the published archive."""
    videos = [
        "0,70,NORMAL,2022-04-10,Web,0,10000,720,1280,5,9,39",
        "1,71,NORMAL,2022-04-11,Web,0,,720,1280,,9,2,".rstrip(","),
        '2,70,AD,2022-04-12,Kmovie,0,30000,720,1280,6,4,"2,39"',
    ]
    (folder / "video_features_basic_pure.csv").write_text("\n".join([VIDEO_HEADER, *videos]) + "\n")
    users = [f"{user},full_active,0,1,500+,0,0,730+," + ",".join(["1"] * 18) for user in (8, 4)]
    (folder / "user_features_pure.csv").write_text("\n".join([USER_HEADER, *users]) + "\n")
    first = [
        "8,2,20220420,930,1650418200000,1,1,0,0,0,0,1,31000,30000,1",
        "4,0,20220420,931,1650418260000,0,0,0,0,0,0,0,0,10000,4",
    ]
    (folder / "log_standard_4_20.csv").write_text("\n".join([LOG_HEADER, *first]) + "\n")
    second = ["4,2,20220421,100,1650474000000,1,0,0,0,0,0,0,1500,30000,1"]
    (folder / "log_standard_4_21.csv").write_text("\n".join([LOG_HEADER, *second]) + "\n")
    random = ["4,1,20220422,100,1650560400000,1,0,0,0,0,0,0,1500,30000,1"]
    (folder / "log_random_4_22.csv").write_text("\n".join([LOG_HEADER, *random]) + "\n")


def test_the_published_csv_archive_loads(tmp_path: Path) -> None:
    write_archive(tmp_path)
    data = read_kuairand(tmp_path)
    assert data.known_files == ("log_standard_4_20.csv",)
    assert data.test_file == "log_standard_4_21.csv"
    known = data.known
    assert known.viewers.viewer_id.tolist() == [4, 8]
    assert known.catalogue.duration_seconds.tolist() == [10, 0, 30]
    assert known.catalogue.topic_names == ("2", "39")
    assert known.catalogue.topics[2, :2].tolist() == [0, 1]
    rows = known.impressions
    assert rows.viewer.tolist() == [1, 0]
    for action in ("long_watch", "like", "finish"):
        assert rows.label(action).tolist() == [True, False]
    assert rows.extra["hour"].tolist() == [9, 9]
    assert data.test.video.tolist() == [2]
    assert len(known.history) == 0


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    write_archive(tmp_path)
    path = tmp_path / "log_standard_4_20.csv"
    path.write_text(path.read_text().replace("long_view", "view_long"))
    with pytest.raises(ValueError, match=r"log_standard_4_20\.csv lacks the column 'long_view'"):
        read_kuairand(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write_archive(tmp_path)
    (tmp_path / "user_features_pure.csv").unlink()
    with pytest.raises(ValueError, match="has no user_features_pure"):
        read_kuairand(tmp_path)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    write_archive(tmp_path)
    (tmp_path / "log_standard_4_20.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(ValueError, match=r"log_standard_4_20\.parquet cannot be read"):
        read_kuairand(tmp_path)


def test_a_test_log_older_than_everything_is_refused(tmp_path: Path) -> None:
    write_archive(tmp_path)
    with pytest.raises(ValueError, match="nothing is known to learn from"):
        read_kuairand(tmp_path, tmp_path / "log_standard_4_20.csv")


@pytest.mark.real_data
def test_the_real_history_tells_long_watches_and_likes(data_dir: Path) -> None:
    data = read_kuairand(data_dir / "kuairand")
    history = data.known.history
    assert len(data.known.viewers) == 27_285
    assert len(data.known.catalogue) == 7_583
    assert len(history) >= 817_187
    # Every (viewer, video) of the files' sequences, 389,232 watched long and 22,263 liked, and no other.
    viewer = np.repeat(np.arange(len(data.known.viewers)), np.diff(history.indptr))
    for action, n_pairs in (("long_watch", 389_232), ("like", 22_263)):
        acted = np.flatnonzero((history.actions >> ACTION_INDEX[action]) & 1)
        assert len(np.unique(viewer[acted] * 7_583 + history.video[acted])) == n_pairs
    assert (np.diff(data.known.impressions.happened_at) >= 0).all()
    assert data.test_file == "log_20220501_20220502.parquet"
