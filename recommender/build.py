"""Turn a stored artifact, today's catalogue and live counts into an engine that ranks.

Works without an artifact too: content, trends and base rates then carry the feed, and the engine says so.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recommender.coldstart.exposure import find_small
from recommender.coldstart.lanes import Newcomers, PoolTable, place_newcomers
from recommender.coldstart.tastes import count_topics, read_priors
from recommender.contracts import (
    ACTIONS,
    TRAFFIC_SOURCES,
    UNKNOWN,
    Catalogue,
    FloatArray,
    IntArray,
    LiveStats,
    MarketRules,
)
from recommender.features.content import Content, describe_content
from recommender.features.rates import N_RATES, Counts
from recommender.features.responses import Responses
from recommender.features.statistics import Statistics, add_live, build_statistics, count_live
from recommender.features.viewers import INTEREST_ACTIONS
from recommender.flow import Engine
from recommender.markets import MARKET_CODES
from recommender.params import Params, RecallParams
from recommender.prediction.base_rate import ASSUMED_RATES, BaseRatePredictor
from recommender.prediction.hybrid import HybridPredictor
from recommender.prediction.inputs import Predictor
from recommender.recall.als import Tastes
from recommender.recall.causal_cnn import SequenceModel
from recommender.recall.gather import SIGNALS
from recommender.recall.index import Popularity, RecallIndex, build_recall_index
from recommender.recall.low_rank import Factors
from recommender.recall.neighbours import Neighbours
from recommender.recall.vectors import Graph
from recommender.rerank.rules import Gates, build_gates, derive_market_rules

#: What the arrays of an artifact mean. Files with another format are not served, and the next retraining
#: starts from nothing. The names change it by themselves; raise the number where the same names come to
#: mean something else.
ENGINE_FORMAT = f"3-{zlib.crc32(repr((ACTIONS, SIGNALS, TRAFFIC_SOURCES, MARKET_CODES)).encode()):08x}"


@dataclass(frozen=True, slots=True)
class _Stored:
    """An artifact seen from one catalogue."""

    arrays: Mapping[str, np.ndarray[Any, Any]]
    row: IntArray  # (n_artifact_videos,) catalogue row of each stored video, UNKNOWN if it is gone
    n_videos: int
    is_identity: bool
    graph_width: int  # how widely graphs are searched

    def spread(self, name: str, width: int) -> FloatArray:
        """(n_videos, width) float32: a stored per-video array in catalogue rows, 0 for new videos."""
        if name not in self.arrays:
            return np.zeros((self.n_videos, width), dtype=np.float32)
        stored = self.arrays[name]
        if self.is_identity:
            return np.asarray(stored, dtype=np.float32)
        result = np.zeros((self.n_videos, width), dtype=np.float32)
        here = self.row >= 0
        result[self.row[here]] = np.asarray(stored)[here]
        return result

    def counts(self) -> Counts:
        """Impressions and outcomes of each video up to the cut."""
        return Counts(self.spread("videos/shown", N_RATES), self.spread("videos/taken", N_RATES))

    def covered(self, name: str) -> tuple[IntArray, IntArray | slice, Graph | None]:
        """Catalogue rows of a source's vectors, the stored rows they stand in, and the graph over these.

        Videos that are gone are left out; with a graph, whose rows are fixed, they stay as UNKNOWN.
        """
        covered = self.row[self.arrays[f"{name}/covered"]].astype(np.int32)
        if f"{name}/graph" in self.arrays:
            graph = Graph(np.asarray(self.arrays[f"{name}/graph"]), self.graph_width)
            return covered, slice(None), graph
        if (covered >= 0).all():
            return covered, slice(None), None
        keep = np.flatnonzero(covered >= 0)
        return covered[keep], keep, None

    def factors(self) -> Factors:
        """Stored factors in catalogue rows; videos that are gone lose theirs."""
        if "factors/covered" not in self.arrays:
            return Factors.none(self.n_videos)
        covered, keep, graph = self.covered("factors")
        read, score = self.arrays["factors/read"][keep], self.arrays["factors/score"][keep]
        return Factors.build(self.n_videos, covered, read, score, graph)

    def group_lists(self) -> dict[int, IntArray]:
        """What each group by interest likes lately, in catalogue rows, most liked first."""
        lists = self.arrays.get("groups/liked", np.zeros((0, 0), dtype=np.int32))
        moved = {group: self.row[line[line >= 0]] for group, line in enumerate(lists)}
        return {group: rows[rows >= 0].astype(np.int32) for group, rows in moved.items()}

    def tastes(self, params: RecallParams) -> Tastes:
        """Stored least-squares vectors in catalogue rows; videos that are gone lose theirs."""
        if "tastes/covered" not in self.arrays:
            return Tastes.none(self.n_videos)
        covered, keep, graph = self.covered("tastes")
        vectors = np.asarray(self.arrays["tastes/video"])[keep]
        return Tastes.build(self.n_videos, covered, vectors, params.als_l2, params.als_confidence, graph)

    def sequence(self) -> SequenceModel:
        """Stored sequence CNN in catalogue rows; videos that are gone stand for any other."""
        if "sequence/video" not in self.arrays:
            return SequenceModel.none(self.n_videos)
        covered, keep, graph = self.covered("sequence")
        return SequenceModel.from_arrays(self.arrays, covered, keep, self.n_videos, graph)

    def neighbours(self, name: str) -> Neighbours:
        """Stored neighbour lists in catalogue rows; neighbours that are gone weigh 0."""
        if f"{name}/covered" not in self.arrays or not len(self.arrays[f"{name}/covered"]):
            return Neighbours.none(self.n_videos)
        covered = self.arrays[f"{name}/covered"]
        video, weight = self.arrays[f"{name}/video"], self.arrays[f"{name}/weight"]
        slot = np.full(self.n_videos, UNKNOWN, dtype=np.int32)
        if self.is_identity:
            slot[covered] = np.arange(len(covered))
            return Neighbours.build(slot, video, weight)
        here = self.row[covered] >= 0
        slot[self.row[covered][here]] = np.flatnonzero(here)
        moved = np.where(video >= 0, self.row[video], UNKNOWN)
        return Neighbours.build(slot, moved.astype(np.int32), np.asarray(weight))


def build_engine(
    catalogue: Catalogue,
    arrays: Mapping[str, np.ndarray[Any, Any]],
    meta: Mapping[str, Any],
    live_stats: LiveStats | None = None,
    params: Params | None = None,
    rules: MarketRules | None = None,
    now: float | None = None,
    previous: Engine | None = None,
    pools: PoolTable | None = None,
) -> Engine:
    """An engine over today's catalogue.

    Parameters
    ----------
    arrays, meta : of a `FittedArtifact`; empty mappings give the fallback engine. Memory maps will do.
    live_stats : hourly counts younger than `meta["cut_at"]`.
    rules : gates per market; without it they follow from who speaks what (markets.MARKETS).
    now : unix seconds for trends and freshness; without it the newest hour, upload or cut.
    previous : an engine over the same catalogue object lends its description of the content, half the work.
    pools : where new videos stand; without it those that are young and little shown are owed viewers.
    """
    params = params or Params()
    live = live_stats if live_stats is not None else LiveStats.empty()
    stored = _open_artifact(catalogue, arrays, params.recall)
    is_same = previous is not None and previous.catalogue is catalogue and previous.params == params
    content = previous.content if previous and is_same else describe_content(catalogue, params.features)
    now = _find_now(catalogue, live, meta) if now is None else now
    rows, live_counts = count_live(catalogue, live)
    per_video = add_live(stored.counts(), rows, live_counts)
    statistics = _build_statistics(catalogue, content, per_video, arrays, meta, params)
    popularity = _measure_popularity(stored, meta, live, rows, statistics, now, params)
    gates = build_gates(catalogue, popularity.trend, rules or derive_market_rules(params.rerank))
    newcomers = _place_newcomers(catalogue, content, popularity, pools, now, params)
    index = _build_index(stored, catalogue, content, popularity, gates, newcomers, now, params)
    predictor, fusion = _open_predictor(arrays, statistics, params)
    return Engine(
        catalogue=catalogue,
        content=content,
        statistics=statistics,
        recall=index,
        responses=_open_responses(stored, catalogue, content),
        gates=gates,
        newcomers=newcomers,
        tastes=read_priors(arrays, count_topics(catalogue)),
        predictor=predictor,
        fusion=fusion,
        params=params,
        version=str(meta.get("version", "none")),
        meta={**meta, "fallback": not arrays},
    )


def _build_index(
    stored: _Stored,
    catalogue: Catalogue,
    content: Content,
    popularity: Popularity,
    gates: Gates,
    newcomers: Newcomers,
    now: float,
    params: Params,
) -> RecallIndex:
    neighbours = (stored.neighbours("autoencoder"), stored.neighbours("transition"))
    fitted = (stored.factors(), stored.tastes(params.recall), stored.sequence())
    index = build_recall_index(
        catalogue, content, popularity, neighbours, *fitted, gates.is_open, newcomers.need, params.recall
    )
    return replace(index, group_lists=stored.group_lists(), group_share=params.groups.recall_share)


def _place_newcomers(
    catalogue: Catalogue,
    content: Content,
    popularity: Popularity,
    pools: PoolTable | None,
    now: float,
    params: Params,
) -> Newcomers:
    age_hours = (now - catalogue.published_at) / 3600
    is_fresh = (age_hours < params.recall.fresh_hours) & (popularity.shown < params.recall.fresh_impressions)
    rows = catalogue.find_rows(pools.video_id) if pools is not None else np.zeros(0, dtype=np.int64)
    is_small = find_small(content.creator, popularity.shown, params.floors)
    return place_newcomers(rows, pools, is_fresh, is_small, len(MARKET_CODES))


def _open_responses(stored: _Stored, catalogue: Catalogue, content: Content) -> Responses:
    if "response/video" not in stored.arrays:
        return Responses.none(len(catalogue))
    return Responses.from_arrays(stored.arrays, stored.row, catalogue, content.duration_bucket)


def _find_now(catalogue: Catalogue, live: LiveStats, meta: Mapping[str, Any]) -> float:
    """The newest moment anything is known of, unix seconds."""
    newest = (meta.get("cut_at", 0.0), live.hour_at.max(initial=0), catalogue.published_at.max(initial=0))
    return float(max(newest))


def _open_artifact(
    catalogue: Catalogue, arrays: Mapping[str, np.ndarray[Any, Any]], params: RecallParams
) -> _Stored:
    video_id = np.asarray(arrays.get("videos/id", np.zeros(0, dtype=np.int64)))
    row = catalogue.find_rows(video_id)
    is_identity = len(video_id) == len(catalogue) and bool((row == np.arange(len(row))).all())
    return _Stored(arrays, row, len(catalogue), is_identity, params.graph_search_width)


def _build_statistics(
    catalogue: Catalogue,
    content: Content,
    per_video: Counts,
    arrays: Mapping[str, np.ndarray[Any, Any]],
    meta: Mapping[str, Any],
    params: Params,
) -> Statistics:
    base_rate = arrays.get("base_rate")
    if base_rate is None:
        base_rate = np.array([*ASSUMED_RATES, 0.4], dtype=np.float32)
    return build_statistics(
        catalogue,
        content,
        per_video,
        np.asarray(base_rate, dtype=np.float32),
        tuple(tuple(cross) for cross in meta.get("crosses", ())),
        params.features,
    )


def _measure_popularity(
    stored: _Stored,
    meta: Mapping[str, Any],
    live: LiveStats,
    rows: IntArray,
    statistics: Statistics,
    now: float,
    params: Params,
) -> Popularity:
    """Positives ever and lately: the artifact's, aged to now, plus the live lines, aged from their hour."""
    half_life = params.recall.trending_half_life_hours * 3600
    n_markets = len(MARKET_CODES)
    aged = 0.5 ** (max(now - float(meta.get("cut_at", now)), 0.0) / half_life)
    trend = stored.spread("popularity/trend", n_markets + 1) * np.float32(aged)
    total = stored.spread("popularity/total", 1)[:, 0].copy()
    inside = np.flatnonzero(rows >= 0)
    if len(inside):
        liked = live.taken[inside][:, INTEREST_ACTIONS].max(axis=1)
        lately = liked * 0.5 ** (np.maximum(now - live.hour_at[inside], 0.0) / half_life)
        trend = trend.copy()
        np.add.at(trend, (rows[inside], live.market[inside]), lately)
        outside = live.market[inside] != UNKNOWN
        np.add.at(trend[:, -1], rows[inside][outside], lately[outside])
        np.add.at(total, rows[inside], liked)
    usual = trend.sum(axis=0) / np.maximum((trend > 0).sum(axis=0), 1)
    usual_total = float(total.sum() / max(np.count_nonzero(total), 1))
    return Popularity(
        total,
        trend,
        statistics.shown,
        np.where(usual > 0, usual, 1.0).astype(np.float32),
        usual_total or 1.0,
    )


def _open_predictor(
    arrays: Mapping[str, np.ndarray[Any, Any]], statistics: Statistics, params: Params
) -> tuple[Predictor, FloatArray]:
    if "actions/weights" in arrays:
        fusion = np.asarray(arrays["fusion/weights"], dtype=np.float32)
        if len(fusion) != len(SIGNALS):
            raise ValueError(
                f"the artifact fuses {len(fusion)} signals where this engine has {len(SIGNALS)}; retrain it"
            )
        return HybridPredictor.from_arrays(arrays), fusion
    base = statistics.tables.base_rate
    fusion = np.asarray(arrays.get("fusion/weights", params.recall.signal_weights), dtype=np.float32)
    return BaseRatePredictor(base[:-1], float(base[-1]), None), fusion
