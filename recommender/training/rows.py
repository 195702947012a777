"""Turn impressions into rows to learn from: every column holds only what was known before the row.

Rates are counted up to the row's moment, the viewer's past is cut there, and recall scores come from sources
fitted on older data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recommender.contracts import ALL_ACTIONS, UNKNOWN, Dataset, FloatArray, Impressions, IntArray, Viewers
from recommender.features.assemble import FeatureRows, assemble
from recommender.features.crosses import SLOTS, Cross, encode_crosses, list_alone, video_columns
from recommender.features.rates import VIDEO_TABLES, Counts, label_rows, mask_known, smooth_log_odds, subtract
from recommender.features.statistics import encode_videos
from recommender.features.viewers import POSITIVE_ACTIONS, Recent
from recommender.flow import Engine
from recommender.params import Params
from recommender.prediction.inputs import Reading
from recommender.recall.gather import SIGNALS
from recommender.recall.neighbours import Neighbours
from recommender.training.histories import take_impressions
from recommender.training.states import Timeline, take_recent

#: Rows described at a time; bounds memory to about 100 bytes x rows x recent events.
_CHUNK_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class LearningRows:
    """The matrix predictors learn from, in time order."""

    matrix: FloatArray  # (n, n_features) float32
    names: tuple[str, ...]
    slots: list[IntArray]  # blocks of (n_crosses, n)
    n_slots: int
    labels: FloatArray  # (n, N_RATES) float32
    rows: Impressions
    market: IntArray  # (n,) int8
    state: FloatArray  # (n, d) float32 as the response CNN read the viewer's past, d = 0 without one
    item: FloatArray  # (n, d) float32
    codes: list[IntArray]  # blocks of (n_columns, n): slots of categories alone
    n_codes: int

    def read(self, rows: slice) -> Reading:
        """What a network part is given of some rows."""
        return Reading(self.state[rows], self.item[rows], [block[:, rows] for block in self.codes])


def describe_impressions(
    timeline: Timeline,
    early: Engine,
    rows: Impressions,
    as_of: FloatArray,
    crosses: Sequence[Cross],
    params: Params,
    progress: Callable[[float], None],
    chosen: IntArray | None = None,
) -> LearningRows:
    """Describe impressions by what was known before each.

    Parameters
    ----------
    early : engine fitted on what is older than every row; its counts are the base of all rates.
    as_of : (n,) float64 moment up to which each row may know what happened, at most its own.
    crosses : categories to encode, alone and crossed.
    chosen : positions, ascending, of the rows to describe; the others only count. All without it.
    """
    labels = label_rows(rows.actions, rows.watch_seconds, early.catalogue.duration_seconds[rows.video])
    odds, shown = _count_rates(early, rows, labels, as_of, params)
    if chosen is not None:
        rows, labels, as_of = take_impressions(rows, chosen), labels[chosen], as_of[chosen]
        odds, shown = _take_tables(odds, shown, chosen)
    lookup = {name: _to_matrix(getattr(early.recall, name)) for name in ("autoencoder", "transition")}
    parts, states = [], []
    for start in range(0, len(rows), _CHUNK_ROWS):
        chunk = slice(start, start + _CHUNK_ROWS)
        rates, part = _take_tables(odds, shown, chunk), take_impressions(rows, chunk)
        recent = take_recent(timeline, part.viewer, as_of[chunk], params.features)
        states.append(early.responses.read(recent.video, recent.actions))
        described = _describe_chunk(early, timeline.dataset.viewers, part, recent, states[-1], rates, lookup)
        matrix, names = assemble(early.catalogue, early.content, described, params.features)
        parts.append(matrix)
        progress(min(start + _CHUNK_ROWS, len(rows)) / len(rows))
    columns, alone = _columns_of(timeline.dataset, early, rows), list_alone(crosses)
    return LearningRows(
        np.concatenate(parts),
        names,
        encode_crosses(crosses, columns),
        len(crosses) * SLOTS,
        labels=labels,
        rows=rows,
        market=timeline.dataset.viewers.market[rows.viewer],
        state=np.concatenate(states),
        item=early.responses.take_items(rows.video),
        codes=encode_crosses(alone, columns),
        n_codes=len(alone) * SLOTS,
    )


def _take_tables(
    odds: list[FloatArray], shown: list[FloatArray], rows: IntArray | slice
) -> tuple[list[FloatArray], list[FloatArray]]:
    return [table[rows] for table in odds], [table[rows] for table in shown]


def _describe_chunk(
    early: Engine,
    viewers: Viewers,
    rows: Impressions,
    recent: Recent,
    state: FloatArray,
    rates: tuple[list[FloatArray], list[FloatArray]],
    lookup: Mapping[str, sp.csr_matrix],
) -> FeatureRows:
    market = viewers.market[rows.viewer]
    item = early.responses.take_items(rows.video)
    return FeatureRows(
        video=rows.video,
        happened_at=rows.happened_at,
        rate_log_odds=rates[0],
        rate_log_shown=rates[1],
        recent=recent,
        viewer_market=market,
        viewer_language=viewers.language[rows.viewer],
        interests=viewers.interests[rows.viewer],
        scores=_score_rows(early, lookup, recent, rows.video, market, early.params),
        score_names=SIGNALS,
        responses=early.responses.respond(state, item, rows.video),
        base_rate=early.statistics.tables.base_rate,
    )


def _count_rates(
    early: Engine, rows: Impressions, labels: FloatArray, as_of: FloatArray, params: Params
) -> tuple[list[FloatArray], list[FloatArray]]:
    """Log-odds (n, N_RATES) and log impressions (n,) of each row per rate table, up to its moment."""
    known = mask_known(labels, ALL_ACTIONS)
    codes = encode_videos(early.catalogue, early.content, rows.video)
    keys = codes | {"creator": early.content.creator[rows.video]}
    n_before = np.searchsorted(rows.happened_at, as_of, side="left")
    counter = _Counter(known, np.nan_to_num(labels) * known, n_before)
    base, strength = early.statistics.tables.base_rate, params.features.rate_strength
    odds, shown = [], []
    own = counter.count(rows.video)
    for name in VIDEO_TABLES:
        since = own if name == "video" else counter.count(keys[name])
        if name == "creator":
            since = subtract(since, own)
        counts = since + early.statistics.counts[name].take(codes[name])
        odds.append(smooth_log_odds(counts.shown, counts.taken, base, strength))
        shown.append(np.log1p(counts.shown.max(axis=1)))
    return odds, shown


def _columns_of(dataset: Dataset, early: Engine, rows: Impressions) -> dict[str, IntArray]:
    """(n,) codes of every row's video, scene and viewer."""
    viewers = dataset.viewers
    columns = video_columns(early.catalogue, early.content, rows.video)
    columns |= {f"scene:{name}": column for name, column in {**rows.extra, "source": rows.source}.items()}
    groups = {**viewers.extra, "market": viewers.market, "language": viewers.language}
    return columns | {f"viewer:{name}": column[rows.viewer] for name, column in groups.items()}


class _Counter:
    """Counts of earlier rows with the same key."""

    def __init__(self, known: FloatArray, taken: FloatArray, n_before: IntArray) -> None:
        self.known = known
        self.taken = taken
        self.n_before = n_before

    def count(self, codes: IntArray) -> Counts:
        """(n, N_RATES) counts of the rows with the same key before each row's moment; 0 for UNKNOWN."""
        n_rows = len(codes)
        codes = codes.astype(np.int64)
        order = np.argsort(codes, kind="stable")
        in_order = codes[order]
        stop = np.searchsorted(in_order * n_rows + order, codes * n_rows + self.n_before, side="left")
        start = np.searchsorted(in_order, codes, side="left")
        stop = np.where(codes < 0, start, stop)
        return Counts(
            _difference(self.known[order], start, stop), _difference(self.taken[order], start, stop)
        )


def _difference(values: FloatArray, start: IntArray, stop: IntArray) -> FloatArray:
    summed = np.zeros((len(values) + 1, values.shape[1]))
    np.cumsum(values, axis=0, out=summed[1:], dtype=np.float64)
    return (summed[stop] - summed[start]).astype(np.float32)


def _to_matrix(neighbours: Neighbours) -> sp.csr_matrix:
    n_videos = len(neighbours.slot)
    covered = np.flatnonzero(neighbours.slot >= 0)
    slot = neighbours.slot[covered]
    rows = np.repeat(covered, neighbours.place.shape[1])
    cells = (rows, neighbours.target[neighbours.place[slot].ravel()])
    return sp.csr_matrix((neighbours.weight[slot].ravel(), cells), (n_videos, n_videos))


def _score_rows(
    early: Engine,
    lookup: Mapping[str, sp.csr_matrix],
    recent: Recent,
    video: IntArray,
    market: IntArray,
    params: Params,
) -> FloatArray:
    """(n, n_signals): the columns of `recall.gather.fill_signals` for rows of many viewers.

    Those of `tastes` and `sequence` stay 0: a solve and a CNN over all videos for each row would cost more
    than everything else, and the choice among candidates learns from them.
    """
    scores = np.zeros((len(video), len(SIGNALS)), dtype=np.float32)
    liked = ((recent.actions & POSITIVE_ACTIONS) != 0) & (recent.video != UNKNOWN)
    later = liked[:, ::-1].cumsum(axis=1)[:, ::-1] - liked
    weight = np.where(liked, params.features.recency_decay**later, 0.0)
    seeds = liked & (later < params.recall.similar_seeds)
    for name, mask, matrix in (
        ("collaborative", liked, lookup["autoencoder"]),
        ("similar_videos", seeds, lookup["transition"]),
    ):
        row, step = np.nonzero(mask)
        pair = np.asarray(matrix[recent.video[row, step], video[row]]).ravel()
        scores[:, SIGNALS.index(name)] = np.bincount(
            row, weights=pair * weight[row, step], minlength=len(video)
        )
    factors = early.recall.factors
    row, step = np.nonzero(liked & (factors.index.slot[recent.video] >= 0))
    taste = np.zeros((len(video), factors.read.shape[1]), dtype=np.float32)
    pull = sp.csr_matrix(
        (weight[row, step].astype(np.float32), (row, factors.index.slot[recent.video[row, step]])),
        (len(video), len(factors.read)),
    )
    taste += pull @ factors.read
    scores[:, SIGNALS.index("factors")] = factors.score_pairs(taste, video)
    scores[:, -3], scores[:, -2] = early.recall.popularity.compare(video, market)
    scores[:, -1] = _compare_content(early, recent, liked, video)
    return scores


def _compare_content(early: Engine, recent: Recent, liked: FloatArray, video: IntArray) -> FloatArray:
    """(n,) cosine of the row's video with the decayed mean of what the viewer liked."""
    vectors = early.content.vectors
    row, step = np.nonzero(liked)
    pull = sp.csr_matrix(
        (recent.weight[row, step], (row, recent.video[row, step])), (len(video), len(vectors))
    )
    mean = pull @ vectors
    length = np.linalg.norm(mean, axis=1)
    product = np.einsum("nd,nd->n", mean, vectors[video])
    cosine: FloatArray = np.divide(product, length, out=np.zeros_like(product), where=length > 0)
    return cosine
