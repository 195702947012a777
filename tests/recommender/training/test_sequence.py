"""The sequence CNN: trained by JAX in its own process, served by NumPy with the same answer."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.contracts import Dataset, Impressions
from recommender.features.convolutions import code_feedback
from recommender.params import SequenceParams
from recommender.recall.causal_cnn import SequenceModel
from recommender.training.sequence import fit_sequence
from tests.worlds import DAY_SECONDS, N_VIDEOS, N_VIEWERS, NOW, make_dataset, make_params

pytest.importorskip("jax", reason="JAX is a training dependency")

SMALL = SequenceParams(
    epochs=80,
    min_events=100,
    width=16,
    length=12,
    batch=16,
    blocks=2,
    horizon=1,
    drop_input=0.1,
    drop_block=0.0,
)
PARAMS = replace(make_params(), sequence=SMALL)


def make_chain() -> Dataset:
    """Every viewer watches long in steps of 7 around the circle of 30: order alone tells the next one."""
    n_rows = N_VIEWERS * 24
    step, viewer = np.divmod(np.arange(n_rows), N_VIEWERS)
    video = (viewer * 11 + step * 7) % N_VIDEOS
    rows = make_dataset(n_rows).impressions
    return replace(
        make_dataset(),
        impressions=Impressions(
            viewer=viewer.astype(np.int32),
            video=video.astype(np.int32),
            happened_at=NOW - 10 * DAY_SECONDS + np.arange(n_rows) * 60.0,
            actions=np.full(n_rows, 2, dtype=np.int32),
            watch_seconds=np.full(n_rows, 8.0, dtype=np.float32),
            source=rows.source,
            position=rows.position,
            propensity=rows.propensity,
            extra=rows.extra,
        ),
    )


@pytest.fixture(scope="module")
def arrays():
    return fit_sequence(make_chain(), SMALL.epochs, PARAMS, None)


@pytest.fixture(scope="module")
def model(arrays) -> SequenceModel:
    covered = arrays["sequence/covered"]
    return SequenceModel.from_arrays(arrays, covered, np.arange(len(covered)), N_VIDEOS)


def test_the_next_video_of_a_chain_is_found_from_the_order_alone(model: SequenceModel) -> None:
    found = 0
    for first in range(N_VIDEOS):
        past = (first + 7 * np.arange(8)) % N_VIDEOS
        votes = model.vote(past, np.full(8, 2, dtype=np.int32)).spread(N_VIDEOS)
        found += int((first + 7 * 8) % N_VIDEOS in np.argsort(-votes)[:3])
    assert found >= 20


def test_numpy_serves_what_jax_trained(arrays, model: SequenceModel) -> None:
    import jax

    from recommender.training import sequence_fit

    past, actions = np.array([3, 10, 17, 24]), np.array([2, 0, 6, 2], dtype=np.int32)
    parameters = {name.removeprefix("sequence/"): array for name, array in arrays.items()}
    mask = np.zeros((1, SMALL.length), dtype=np.float32)
    mask[0, -4:] = 1
    video, feedback = np.full((1, SMALL.length), N_VIDEOS), np.zeros((1, SMALL.length), dtype=np.int64)
    video[0, -4:], feedback[0, -4:] = past, code_feedback(actions)
    settings = {"blocks": SMALL.blocks, "drop_input": 0.0, "drop_block": 0.0}
    batch = {"video": video, "feedback": feedback, "mask": mask}
    read = sequence_fit.read_past(parameters, parameters["video"], batch, settings, jax.random.PRNGKey(0))
    logits = np.asarray(read)[0, -1] @ parameters["video"][:-1].T * sequence_fit.scale_logits(SMALL.width)
    logits = logits + parameters["bias"]
    np.testing.assert_allclose(model.vote(past, actions).spread(N_VIDEOS), logits - logits.mean(), atol=2e-4)


def test_a_video_the_fit_does_not_cover_stands_for_any_other(arrays) -> None:
    covered = arrays["sequence/covered"]
    keep = np.arange(len(covered) - 1)
    model = SequenceModel.from_arrays(arrays, covered[keep], keep, N_VIDEOS)
    votes = model.vote(np.array([29, 6]), np.array([2, 2], dtype=np.int32)).spread(N_VIDEOS)
    assert np.isfinite(votes).all()
    assert votes[29] == 0


def test_yesterdays_cnn_reaches_the_loss_of_a_cold_fit_in_fewer_passes_though_videos_came_and_went(
    arrays,
) -> None:
    dataset = make_chain()
    start = arrays | {"videos/id": dataset.catalogue.video_id[::-1]}  # yesterday's rows were others
    start["sequence/covered"] = N_VIDEOS - 1 - arrays["sequence/covered"]
    fewer = replace(PARAMS, sequence=replace(SMALL, videos=N_VIDEOS - 1, warm_epochs=10))
    warm = fit_sequence(dataset, SMALL.epochs, fewer, start)["sequence/losses"]
    cold = arrays["sequence/losses"]
    assert len(warm) == 10
    assert len(cold) == SMALL.epochs
    assert warm[-1] < cold[-1] + 0.02
    assert warm[0] < cold[9] - 0.5


def test_an_empty_past_votes_for_nothing(model: SequenceModel) -> None:
    assert not len(model.vote(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32)).video)


def test_yesterdays_fit_starts_todays(arrays) -> None:
    start = arrays | {"videos/id": make_chain().catalogue.video_id}
    again = fit_sequence(make_chain(), 1, replace(PARAMS, sequence=replace(SMALL, rate=0.0)), start)
    np.testing.assert_allclose(again["sequence/video"], arrays["sequence/video"], atol=1e-5)


def test_a_failed_training_is_a_sentence() -> None:
    broken = replace(PARAMS, sequence=replace(SMALL, width=-3))
    with pytest.raises(ValueError, match="training ended with code 1"):
        fit_sequence(make_chain(), 1, broken, None)


def test_no_epochs_leave_the_cnn_out() -> None:
    assert fit_sequence(make_chain(), 0, PARAMS, None) == {}
