"""Everything recall looks candidates up in: built once per artifact, catalogue and live counts.

A video without any interaction is found by its topics, words, creator and age.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from recommender.contracts import UNKNOWN, BoolArray, Catalogue, FloatArray, IntArray
from recommender.features.content import Content
from recommender.features.order import pick_top
from recommender.params import RecallParams
from recommender.recall.als import Tastes
from recommender.recall.causal_cnn import SequenceModel
from recommender.recall.low_rank import Factors
from recommender.recall.neighbours import Neighbours


@dataclass(frozen=True, slots=True)
class Postings:
    """Rows grouped by key, best first: key c owns [indptr[c], indptr[c + 1])."""

    indptr: IntArray  # (n_keys + 1,) int64
    video: IntArray  # (n,) int32

    def rows_of(self, key: int, k: int) -> IntArray:
        """The first k rows of a key; none for a key that is not here."""
        if not 0 <= key < len(self.indptr) - 1:
            return self.video[:0]
        start, stop = int(self.indptr[key]), int(self.indptr[key + 1])
        return self.video[start : min(stop, start + k)]


@dataclass(frozen=True, slots=True)
class Popularity:
    """How often videos were liked, in all and lately."""

    total: FloatArray  # (n_videos,) float32 positives ever
    trend: (
        FloatArray  # (n_videos, n_markets + 1) float32 decayed positives; last column: market unknown or all
    )
    shown: FloatArray  # (n_videos,) float32 impressions ever
    usual_trend: FloatArray  # (n_markets + 1,) float32 mean trend of the videos that have one
    usual_total: float  # mean of `total` over the videos that were ever liked

    def compare(self, video: IntArray, market: IntArray | int) -> tuple[FloatArray, FloatArray]:
        """(n,) each: log of trend and of total over the usual, so that a growing log changes neither."""
        trend = (0.1 + self.trend[video, market] / self.usual_trend[market]).astype(np.float32)
        total = (0.02 + self.total[video] / self.usual_total).astype(np.float32)
        return np.log(trend), np.log(total)


@dataclass(frozen=True, slots=True)
class RecallIndex:
    """Lists and neighbours over one catalogue; market keys are codes, UNKNOWN included."""

    catalogue: Catalogue
    content: Content
    popularity: Popularity
    autoencoder: Neighbours
    transition: Neighbours
    factors: Factors
    tastes: Tastes
    sequence: SequenceModel
    topics: Mapping[int, Postings]  # market -> rows by topic, best first
    trending: Mapping[tuple[int, int], IntArray]  # (market, language) -> rows, most liked lately first
    fresh: Mapping[int, IntArray]  # market -> rows, newest first
    words: Postings  # rows by hashed word
    params: RecallParams
    group_lists: Mapping[int, IntArray] = field(default_factory=dict)  # group by interest -> its favourites
    group_share: float = 0.0  # of trending that the group's favourites take, 0-1


def build_recall_index(
    catalogue: Catalogue,
    content: Content,
    popularity: Popularity,
    neighbours: tuple[Neighbours, Neighbours],
    factors: Factors,
    tastes: Tastes,
    sequence: SequenceModel,
    admitted: Mapping[int, BoolArray],
    need: Mapping[int, FloatArray],
    params: RecallParams,
) -> RecallIndex:
    """Sort the catalogue into lists.

    Parameters
    ----------
    neighbours : of the autoencoder and of the transitions, in catalogue rows.
    admitted : market code -> (n_videos,) bool that its rules let through; only these markets get lists.
    need : market code -> (n_videos,) above 0 where a new video is owed viewers there.
    """
    quality = np.log1p(popularity.trend[:, -1]) + 0.25 * np.log1p(popularity.total)
    quality = quality + 1e-3 * _rank_by_age(catalogue.published_at)
    topics, trending, fresh = {}, {}, {}
    for market, mask in admitted.items():
        rows = np.flatnonzero(mask)
        topics[market] = _post_topics(catalogue, rows, quality, params.topic_length)
        fresh[market] = _list_fresh(catalogue, rows, need[market])
        trend = popularity.trend[rows, market] + 0.01 * popularity.trend[rows, -1]
        trend = trend + 1e-3 * quality[rows]
        for language, best in _list_trending(catalogue, rows, trend, params.trending_length):
            trending[market, language] = best
    return RecallIndex(
        catalogue=catalogue,
        content=content,
        popularity=popularity,
        autoencoder=neighbours[0],
        transition=neighbours[1],
        factors=factors,
        tastes=tastes,
        sequence=sequence,
        topics=topics,
        trending=trending,
        fresh=fresh,
        words=_post_words(catalogue),
        params=params,
    )


def _list_trending(
    catalogue: Catalogue, rows: IntArray, trend: FloatArray, length: int
) -> Iterator[tuple[int, IntArray]]:
    """(language, best rows of it, most liked lately first), all languages together under UNKNOWN."""
    for language in (UNKNOWN, *np.unique(catalogue.language[rows]).tolist()):
        spoken = np.flatnonzero((catalogue.language[rows] == language) | (language == UNKNOWN))
        best = spoken[pick_top(trend[spoken], length)]
        yield int(language), rows[best].astype(np.int32)


def _rank_by_age(published_at: FloatArray) -> FloatArray:
    """(n,) in [0, 1], newest 1: breaks ties between videos nobody has seen."""
    rank = np.empty(len(published_at))
    rank[np.argsort(published_at, kind="stable")] = np.arange(len(published_at))
    return rank / max(len(published_at) - 1, 1)


def _post_topics(catalogue: Catalogue, rows: IntArray, quality: FloatArray, length: int) -> Postings:
    slots = catalogue.topics[rows]
    entry, slot = np.nonzero(slots >= 0)
    topic, video = slots[entry, slot], rows[entry]
    order = np.lexsort((-quality[video], topic))
    topic, video = topic[order], video[order]
    n_topics = max(len(catalogue.topic_names), int(topic.max()) + 1 if len(topic) else 0)
    counts = np.bincount(topic, minlength=n_topics)
    start = np.concatenate([[0], np.cumsum(counts)])
    stays = np.arange(len(video)) - start[topic] < length
    indptr = np.concatenate([[0], np.cumsum(np.minimum(counts, length))])
    return Postings(indptr, video[stays].astype(np.int32))


def _list_fresh(catalogue: Catalogue, rows: IntArray, need: FloatArray) -> IntArray:
    rows = rows[need[rows] > 0]
    return rows[np.argsort(-catalogue.published_at[rows], kind="stable")].astype(np.int32)


def _post_words(catalogue: Catalogue) -> Postings:
    entry, slot = np.nonzero(catalogue.tokens >= 0)
    word = catalogue.tokens[entry, slot]
    order = np.lexsort((-catalogue.published_at[entry], word))
    counts = np.bincount(word, minlength=1)
    return Postings(np.concatenate([[0], np.cumsum(counts)]), entry[order].astype(np.int32))
