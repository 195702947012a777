"""An update on a world whose taste turns round: what is new is learnt, what was known is kept."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.build import build_engine
from recommender.contracts import ACTION_INDEX, N_ACTIONS, Dataset
from recommender.params import NetworkParams, ResponseParams, SequenceParams
from recommender.prediction.hybrid import HybridPredictor
from recommender.training.fit import FittedArtifact, fit_engine
from recommender.training.gate import Provenance, compare
from recommender.training.histories import take_impressions
from recommender.training.judges import find_judges
from recommender.training.online import learn_online, rank_by_head
from recommender.training.online_params import LoopParams
from recommender.training.replay import read_replay, take_learning
from recommender.training.split import split_by_time
from recommender.training.update import (
    NewRows,
    describe_new,
    learnt_until,
    losses_of,
    refresh_sources,
    rewind,
    teach_new,
    update_artifact,
)
from tests.worlds import DAY_SECONDS, NOW, make_dataset, make_params

PARAMS = replace(
    make_params(),
    sequence=replace(SequenceParams(), epochs=0),
    response=replace(ResponseParams(), epochs=0),
    network=replace(NetworkParams(), epochs=0),
)
LOOP = LoopParams()
CUT = NOW - 2 * DAY_SECONDS
LONG_WATCH, LIKE = ACTION_INDEX["long_watch"], ACTION_INDEX["like"]


def say_nothing(fraction: float, step: str) -> None:
    assert 0 <= fraction <= 1 and step


def make_all_like(dataset: Dataset) -> Dataset:
    """After the cut everybody likes every video: a signal no earlier row holds."""
    rows = dataset.impressions
    actions = np.where(rows.happened_at >= CUT, rows.actions | 1 << LIKE, rows.actions).astype(np.int32)
    return replace(dataset, impressions=replace(rows, actions=actions))


def new_rows(dataset: Dataset, since: float = CUT, until: float = NOW) -> NewRows:
    rows = dataset.impressions
    rows = take_impressions(rows, np.flatnonzero((rows.happened_at >= CUT) & (rows.happened_at < until)))
    known, _ = split_by_time(dataset, CUT)
    events = known.impressions
    order = np.lexsort((events.happened_at, events.viewer))
    counts = np.bincount(events.viewer, minlength=len(dataset.viewers))
    history = replace(
        known.history,
        indptr=np.concatenate([[0], np.cumsum(counts)]),
        video=events.video[order],
        happened_at=events.happened_at[order],
        actions=events.actions[order],
        watch_seconds=events.watch_seconds[order],
    )
    arrived = np.zeros((len(rows), N_ACTIONS), dtype=bool)
    return NewRows(Dataset(dataset.catalogue, dataset.viewers, history, rows, until), arrived, since, until)


@pytest.fixture(scope="module")
def live() -> FittedArtifact:
    known, _ = split_by_time(make_dataset(6000), CUT)
    return fit_engine(known, PARAMS)


@pytest.fixture(scope="module")
def usual(live):
    return update_artifact(live, new_rows(make_dataset(6000)), PARAMS, LOOP, say_nothing)


@pytest.fixture(scope="module")
def turned(live):
    return update_artifact(live, new_rows(make_all_like(make_dataset(6000))), PARAMS, LOOP, say_nothing)


def test_a_planted_signal_is_in_the_weights_after_one_update(turned) -> None:
    before, after = turned.champion.probability[:, LIKE].mean(), turned.challenger.probability[:, LIKE].mean()
    assert before < 0.1
    assert after > 2 * before
    assert compare(turned.challenger, turned.champion, PARAMS.training).figures["improvement_interval"][0] > 0


def test_what_nobody_changed_is_not_forgotten(usual, turned) -> None:
    for done in (usual, turned):
        before, after = (side.log_loss[:, LONG_WATCH].mean() for side in (done.champion, done.challenger))
        assert after < before + 0.01


def test_an_update_of_an_unchanged_world_passes_the_gate(usual) -> None:
    made = Provenance(
        learnt_until=NOW,
        is_kept_apart=True,
        live_learnt_until=CUT,
        learning_gain=usual.facts["learning_gain"],
    )
    decision = compare(usual.challenger, usual.champion, PARAMS.training, made)
    assert decision.promote, decision.reason


def test_the_viewers_who_judge_teach_nothing(live) -> None:
    new = new_rows(make_dataset(6000))
    described = describe_new(live, new, PARAMS, LOOP, say_nothing)
    judges = find_judges(new.dataset.viewers.viewer_id, LOOP.online.judge_share)
    viewer = described.learning.rows.viewer
    assert judges[viewer[described.judging]].all()
    assert not judges[viewer[described.teaching]].any()
    assert len(described.judging) and len(described.teaching)


def test_a_second_update_goes_on_where_the_first_ended(live) -> None:
    middle = CUT + DAY_SECONDS
    dataset = make_dataset(6000)
    first = update_artifact(live, new_rows(dataset, CUT, middle), PARAMS, LOOP, say_nothing)
    second = update_artifact(first.artifact, new_rows(dataset, middle, NOW), PARAMS, LOOP, say_nothing)
    assert learnt_until(second.artifact.meta) == NOW
    assert second.artifact.meta["updates"] == 2
    once = update_artifact(live, new_rows(dataset), PARAMS, LOOP, say_nothing)
    for name in ("videos/taken", "popularity/total", "base/videos/taken"):
        np.testing.assert_allclose(second.artifact.arrays[name], once.artifact.arrays[name], err_msg=name)


def test_counts_grow_by_what_was_shown_up_to_the_last_full_hour(live, usual) -> None:
    new = new_rows(make_dataset(6000))
    shown = usual.artifact.arrays["videos/shown"][:, 0] - live.arrays["videos/shown"][:, 0]
    hour = NOW - NOW % 3600
    assert shown.sum() == (new.dataset.impressions.happened_at < max(hour, CUT)).sum()
    assert rewind(usual.artifact).arrays["videos/shown"].sum() == live.arrays["videos/shown"].sum()


def test_a_video_that_is_new_gets_its_counts_and_old_ones_keep_their_rows(live) -> None:
    dataset = make_dataset(6000)
    catalogue = dataset.catalogue
    fresh = np.concatenate([[5], catalogue.video_id])  # in front: every catalogue row moves by one
    columns = {
        name: np.concatenate([getattr(catalogue, name)[:1], getattr(catalogue, name)])
        for name in (
            "creator_id",
            "sound_id",
            "market",
            "language",
            "duration_seconds",
            "published_at",
            "has_cart",
            "is_blocked",
            "topics",
            "tokens",
        )
    }
    moved = replace(catalogue, video_id=fresh, **columns)
    new = new_rows(dataset)
    rows = replace(new.dataset.impressions, video=new.dataset.impressions.video + 1)
    rows.video[:7] = 0
    history = replace(new.dataset.history, video=new.dataset.history.video + 1)
    new = replace(new, dataset=Dataset(moved, dataset.viewers, history, rows, NOW))
    arrays = refresh_sources(live, new, PARAMS)
    assert arrays["videos/id"].tolist() == [*catalogue.video_id.tolist(), 5]
    assert arrays["videos/shown"][-1, 0] == 7
    engine = build_engine(moved, {**live.arrays, **arrays}, live.meta, params=PARAMS, now=NOW)
    assert engine.statistics.shown[0] == 7


def test_a_version_without_replay_rows_is_refused_with_the_next_step(live) -> None:
    bare = FittedArtifact({k: v for k, v in live.arrays.items() if not k.startswith("replay/")}, live.meta)
    with pytest.raises(ValueError, match="full retraining"):
        update_artifact(bare, new_rows(make_dataset(6000)), PARAMS, LOOP, say_nothing)


def test_rows_described_otherwise_are_refused(live) -> None:
    other = FittedArtifact(live.arrays, {**live.meta, "feature_names": ["x"]})
    with pytest.raises(ValueError, match="full retraining"):
        describe_new(other, new_rows(make_dataset(6000)), PARAMS, LOOP, say_nothing)


def test_the_more_the_fit_has_seen_the_less_an_update_moves(live) -> None:
    described = describe_new(live, new_rows(make_dataset(6000)), PARAMS, LOOP, say_nothing)
    predictor = HybridPredictor.from_arrays(live.arrays)
    rows = teach_new(predictor, described, new_rows(make_dataset(6000)))
    moved = []
    for n_learnt in (4_000, 400_000):
        part = learn_online(predictor, rows, read_replay(live.arrays), n_learnt, LOOP.online, 1).actions
        moved.append(np.abs(part.weights - predictor.actions.weights).sum())
    assert moved[1] < 0.3 * moved[0]


def test_the_same_rows_give_the_same_version(live) -> None:
    new = new_rows(make_dataset(6000))
    first, second = (update_artifact(live, new, PARAMS, LOOP, say_nothing).artifact for _ in range(2))
    for name, array in first.arrays.items():
        np.testing.assert_array_equal(array, second.arrays[name], err_msg=name)


def test_a_leak_in_the_learning_rows_is_refused_by_what_it_gains_there(live) -> None:
    new = new_rows(make_dataset(6000))
    described = describe_new(live, new, PARAMS, LOOP, say_nothing)
    judging = losses_of(
        HybridPredictor.from_arrays(live.arrays), take_learning(described.learning, described.judging)
    )
    decision = compare(judging, judging, PARAMS.training, Provenance(learning_gain=0.4))
    assert not decision.promote and "leak" in decision.reason


def test_ranks_by_the_heads_quantiles_grow_with_the_seconds(live) -> None:
    head = HybridPredictor.from_arrays(live.arrays).watch_time
    assert head is not None
    seconds = np.array([0.0, 2.0, 8.0, 60.0])
    rank = rank_by_head(head, seconds, np.full(4, 8.0))
    assert (np.diff(rank) >= 0).all() and rank[0] >= 0 and rank[-1] == 1.0


def test_judges_are_always_the_same_and_about_their_share() -> None:
    ids = np.arange(1, 20_001)
    chosen = find_judges(ids, 0.2)
    assert (find_judges(ids[::-1], 0.2)[::-1] == chosen).all()
    assert chosen.mean() == pytest.approx(0.2, abs=0.01)
