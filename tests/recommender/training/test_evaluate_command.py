"""The command as it is typed, on a small archive: every figure there, every figure recomputable."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from recommender.params import Params
from recommender.training import benchmark, peer_models, peers
from recommender.training.metrics import auc
from tests.recommender.training.test_kuairand import LOG_HEADER, USER_HEADER, VIDEO_HEADER

N_USERS, N_VIDEOS = 70, 40


def write_world(folder: Path, seed: int = 2) -> None:
    """Users like videos of their own parity; three days of log."""
    rng = np.random.default_rng(seed)
    videos = [
        f"{v},{900 + v % 9},NORMAL,2022-04-01,Web,0,{8000 + 500 * v},720,1280,{v % 6},9,{v % 2}"
        for v in range(N_VIDEOS)
    ]
    (folder / "video_features_basic_pure.csv").write_text("\n".join([VIDEO_HEADER, *videos]) + "\n")
    users = [f"{u},full_active,0,{u % 2},500+,0,0,730+," + ",".join(["1"] * 18) for u in range(N_USERS)]
    (folder / "user_features_pure.csv").write_text("\n".join([USER_HEADER, *users]) + "\n")
    for day in (20, 21, 22):
        lines = []
        start = 1650384000000 + (day - 20) * 86_400_000
        for moment in np.sort(rng.integers(start, start + 80_000_000, 1500)):
            user, video = int(rng.integers(N_USERS)), int(rng.integers(N_VIDEOS))
            is_long = int(rng.random() < (0.7 if user % 2 == video % 2 else 0.1))
            like = int(is_long and rng.random() < 0.2)
            duration = 8000 + 500 * video
            play = duration + 10 if is_long else 900
            hour = (int(moment) // 3_600_000 + 8) % 24 * 100
            lines.append(
                f"{user},{video},202204{day},{hour},{moment},1,{like},0,0,0,0,{is_long},{play},{duration},1"
            )
        (folder / f"log_standard_4_{day}.csv").write_text("\n".join([LOG_HEADER, *lines]) + "\n")


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory):
    pytest.importorskip("implicit", reason="implicit is a development dependency")
    pytest.importorskip("lightgbm", reason="lightgbm is a development dependency")
    pytest.importorskip("jax", reason="JAX is a training dependency")
    folder = tmp_path_factory.mktemp("kuairand")
    write_world(folder)
    out = {name: folder / f"{name}.out" for name in ("json", "lists", "scores")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(peers, "ALS_GRID", ((8, 10.0, 10.0), (8, 30.0, 10.0)))
        patch.setattr(peer_models, "EASE_GRID", ((30.0, 0.95),))
        patch.setattr(peer_models, "SASREC_GRID", (2,))
        patch.setattr(peer_models, "TREE_GRID", ((7, 0.1, 20),))
        patch.setattr("django.conf.settings.BASE_DIR", folder)
        call_command("evaluate", "kuairand", folder, epochs=1, **out)
    return json.loads(out["json"].read_text()), _read(out["lists"]), _read(out["scores"]), folder


def _read(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_every_model_has_every_figure(outcome) -> None:
    figures, _, _, _ = outcome
    assert set(figures["retrieval"]) == {
        "ours",
        "popularity",
        "item_rate",
        "als",
        "ease",
        "item_knn",
        "bpr",
        "sasrec",
    }
    for line in figures["retrieval"].values():
        assert {"ndcg_at_10", "ndcg_at_20", "recall_at_10", "recall_at_20", "fit_seconds"} <= set(line)
    assert set(figures["impressions"]) == set(benchmark.MEASURED_ACTIONS)
    for line in figures["impressions"]["long_view"].values():
        assert set(line) == {"auc", "gauc", "logloss", "ece"}
    assert {"mae", "xauc"} == set(figures["watch_seconds"]["ours"])


def test_the_figures_can_be_recomputed_from_the_files(outcome) -> None:
    figures, lists, scores, folder = outcome
    test = _read(folder / "log_standard_4_22.csv")
    label = {(row["user_id"], row["video_id"], row["time_ms"]): int(row["long_view"]) for row in test}
    labels = np.array([label[row["user_id"], row["video_id"], row["time_ms"]] for row in scores])
    predicted = np.array([float(row["p_long_view"]) for row in scores])
    assert len(scores) == len(test)
    assert auc(labels, predicted) == pytest.approx(
        figures["impressions"]["long_view"]["ours"]["auc"], abs=1e-4
    )
    met = {
        (row["user_id"], row["video_id"])
        for day in (20, 21)
        for row in _read(folder / f"log_standard_4_{day}.csv")
    }
    targets: dict[str, set[str]] = {}
    for row in test:
        if row["long_view"] == "1" and (row["user_id"], row["video_id"]) not in met:
            targets.setdefault(row["user_id"], set()).add(row["video_id"])
    top: dict[str, list[str]] = {}
    for row in lists:
        assert (row["user_id"], row["video_id"]) not in met
        top.setdefault(row["user_id"], []).append(row["video_id"])
    shares = [len(wanted & set(top[user][:10])) / len(wanted) for user, wanted in targets.items()]
    assert np.mean(shares) == pytest.approx(figures["retrieval"]["ours"]["recall_at_10"], abs=1e-9)


def test_ours_beats_what_does_not_know_the_viewer(outcome) -> None:
    figures, _, _, _ = outcome
    ours, popular = figures["retrieval"]["ours"], figures["retrieval"]["popularity"]
    assert ours["recall_at_10"] > popular["recall_at_10"]
    assert figures["impressions"]["long_view"]["ours"]["auc"] > 0.75


def test_the_run_says_what_it_read_and_with_what(outcome) -> None:
    figures, _, _, _ = outcome
    assert set(figures["inputs"]) == {
        "log_standard_4_20.csv",
        "log_standard_4_21.csv",
        "log_standard_4_22.csv",
    }
    assert figures["environment"]["seed"] == Params().training.seed
    assert figures["environment"]["peak_memory_mb"] > 0


def test_a_folder_that_is_not_there_is_a_plain_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is not a folder"):
        call_command("evaluate", "kuairand", tmp_path / "nowhere", json=tmp_path / "x.json")
