"""The response CNN and the network part: trained by JAX in a process of their own, served by NumPy."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.contracts import Dataset, Impressions
from recommender.features.content import bucket_durations
from recommender.features.responses import Responses
from recommender.params import NetworkParams, ResponseParams
from recommender.training.network import fit_network
from recommender.training.responses import fit_responses
from recommender.training.rows import LearningRows
from tests.worlds import DAY_SECONDS, N_VIDEOS, N_VIEWERS, NOW, make_dataset, make_params

pytest.importorskip("jax", reason="JAX is a training dependency")

SMALL = ResponseParams(
    epochs=150, min_events=100, width=12, hidden=16, length=16, batch=16, blocks=2, rate=1e-2, drop_input=0.1
)
PARAMS = replace(
    make_params(), response=SMALL, network=NetworkParams(epochs=6, members=2, hidden=12, batch=64)
)


def make_halves() -> Dataset:
    """Even viewers watch the first half of the videos long and swipe the rest; odd viewers the other way."""
    n_rows = N_VIEWERS * 24
    step, viewer = np.divmod(np.arange(n_rows), N_VIEWERS)
    video = (viewer * 11 + step * 7) % N_VIDEOS
    is_liked = (video < N_VIDEOS // 2) == (viewer % 2 == 0)
    rows = make_dataset(n_rows).impressions
    impressions = Impressions(
        viewer=viewer.astype(np.int32),
        video=video.astype(np.int32),
        happened_at=NOW - 10 * DAY_SECONDS + np.arange(n_rows) * 60.0,
        actions=np.where(is_liked, 2, 0).astype(np.int32),
        watch_seconds=np.where(is_liked, 8.0, 1.0).astype(np.float32),
        source=rows.source,
        position=rows.position,
        propensity=rows.propensity,
        extra=rows.extra,
    )
    return replace(make_dataset(), impressions=impressions)


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    return fit_responses(make_halves(), PARAMS)


@pytest.fixture(scope="module")
def responses(arrays) -> Responses:
    dataset = make_halves()
    bucket = bucket_durations(dataset.catalogue.duration_seconds, PARAMS.features)
    return Responses.from_arrays(arrays, np.arange(N_VIDEOS), dataset.catalogue, bucket)


def _ask(responses: Responses, past: list[int], actions: list[int], video: np.ndarray) -> np.ndarray:
    state = responses.read(np.array([past]), np.array([actions]))
    return responses.respond(state, responses.take_items(video), video)[:, 0]


def test_the_past_decides_which_half_is_watched_long(responses: Responses) -> None:
    first, second = np.arange(0, N_VIDEOS // 2), np.arange(N_VIDEOS // 2, N_VIDEOS)
    past = [1, 25, 4, 22, 7, 28]
    for actions, loved, other in (([2, 0] * 3, first, second), ([0, 2] * 3, second, first)):
        assert _ask(responses, past, actions, loved).mean() > _ask(responses, past, actions, other).mean() + 1


def test_padding_in_front_changes_nothing(responses: Responses) -> None:
    short = responses.read(np.array([[3, 20, 9]]), np.array([[2, 0, 2]]))
    padded = responses.read(np.array([[-1, -1, 3, 20, 9]]), np.array([[0, 0, 2, 0, 2]]))
    np.testing.assert_allclose(short, padded, atol=1e-5)


def test_many_rows_are_read_as_one_by_one(responses: Responses) -> None:
    video, actions = np.array([[3, 20, 9], [-1, 5, 6]]), np.array([[2, 0, 2], [0, 6, 0]])
    both = responses.read(video, actions)
    np.testing.assert_allclose(both[1:], responses.read(video[1:], actions[1:]), atol=1e-6)


def test_a_video_that_came_later_is_its_topic_and_length(responses: Responses) -> None:
    dataset = make_halves()
    arrays = fit_responses(dataset, replace(PARAMS, response=replace(SMALL, epochs=1)))
    row = np.arange(N_VIDEOS)
    row[3] = -1
    bucket = bucket_durations(dataset.catalogue.duration_seconds, PARAMS.features)
    later = Responses.from_arrays(arrays, row, dataset.catalogue, bucket)
    topic = arrays["response/topic"][dataset.catalogue.topics[3, 0] + 1]
    np.testing.assert_allclose(later.video[3], topic + arrays["response/duration"][bucket[3] + 1], atol=1e-6)
    assert not later.bias[3].any()


def test_without_a_fit_there_is_nothing_to_say() -> None:
    nothing = Responses.none(5)
    state = nothing.read(np.array([[1, 2]]), np.array([[2, 2]]))
    assert state.shape == (1, 0)
    assert not nothing.respond(state, nothing.take_items(np.arange(5)), np.arange(5)).any()


def test_yesterdays_cnn_reaches_the_loss_of_a_cold_fit_in_fewer_passes(arrays) -> None:
    dataset = make_halves()
    start = arrays | {"videos/id": dataset.catalogue.video_id}
    warm = fit_responses(dataset, replace(PARAMS, response=replace(SMALL, warm_epochs=8)), start)
    cold = arrays["response/losses"]
    assert len(warm["response/losses"]) == 8
    assert warm["response/losses"][-1] < cold[-1] + 0.02
    assert warm["response/losses"][0] < cold[7]


def test_a_fit_of_other_videos_starts_nothing(arrays) -> None:
    dataset = make_halves()
    strangers = arrays | {"videos/id": dataset.catalogue.video_id + 1_000_000}
    few = replace(PARAMS, response=replace(SMALL, epochs=2, warm_epochs=1))
    assert len(fit_responses(dataset, few, strangers)["response/losses"]) == 2


def test_few_events_teach_no_cnn() -> None:
    assert fit_responses(make_halves(), replace(PARAMS, response=replace(SMALL, min_events=10**6))) == {}


def _make_rows(n_rows: int = 1500) -> tuple[LearningRows, np.ndarray]:
    """An outcome that is an exclusive or of a feature and a category: no regression finds it uncrossed."""
    rng = np.random.default_rng(4)
    matrix = rng.choice([-1.0, 1.0], (n_rows, 3)).astype(np.float32)
    category = rng.integers(0, 2, n_rows)
    outcome = ((matrix[:, 1] > 0) != (category == 1)).astype(np.float32)
    labels = np.zeros((n_rows, 18), dtype=np.float32)
    labels[:, 1] = outcome
    rows = replace(make_dataset(n_rows).impressions)
    learning = LearningRows(
        matrix=matrix,
        names=("a", "b", "c"),
        slots=[],
        n_slots=0,
        labels=labels[:, :9],
        rows=rows,
        market=np.zeros(n_rows, dtype=np.int8),
        state=rng.standard_normal((n_rows, 2)).astype(np.float32),
        item=rng.standard_normal((n_rows, 2)).astype(np.float32),
        codes=[category[None, :]],
        n_codes=4096,
    )
    return learning, labels


def test_the_network_finds_what_needs_two_things_at_once() -> None:
    learning, labels = _make_rows()
    network = fit_network(
        learning, labels, [1], 1200, replace(PARAMS, network=replace(PARAMS.network, epochs=40))
    )
    assert network is not None
    held_out = slice(1200, None)
    logits = network.logits(learning.matrix[held_out], learning.read(held_out))[:, 1]
    outcome = labels[held_out, 1]
    assert ((logits > 0) == (outcome > 0.5)).mean() > 0.95


def test_numpy_serves_the_network_that_jax_trained() -> None:
    import jax

    from recommender.training import network_fit

    learning, labels = _make_rows(300)
    data = {
        "matrix": learning.matrix,
        "code": learning.codes[0].T.astype(np.int64),
        "vectors": np.concatenate([learning.state, learning.item, learning.state * learning.item], axis=1),
        "labels": labels,
    }
    settings = {"hidden": 6, "category_width": 2, "n_met": 2, "drop_input": 0.0, "drop_hidden": 0.0}
    parameters = network_fit.create_parameters(data, settings, 3)
    trained = np.asarray(network_fit.compute_logits(parameters, data, settings, jax.random.PRNGKey(0)))
    shared = {"slot": np.array([0, 1, 2]), "column": np.array([0, 0, -1]), "n_columns": np.array(1)}
    member = shared | {name: np.asarray(array) for name, array in parameters.items()}
    from recommender.prediction.network import NetworkPart

    scale = (np.zeros(3, dtype=np.float32), np.ones(3, dtype=np.float32))
    served = NetworkPart.fold([member], scale, np.ones(3, dtype=bool)).logits(
        learning.matrix, learning.read(slice(None))
    )
    np.testing.assert_allclose(served, trained, atol=1e-4)
