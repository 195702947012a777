"""Rank a whole catalogue by several sources at once, where nothing but likes and content is known.

Each source's votes are brought to one scale per viewer and added with weights that a held-out split chose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from recommender.contracts import FloatArray, IntArray
from recommender.params import FusedRetrievalParams, RecallParams
from recommender.recall.als import fit_als
from recommender.recall.linear import fit_autoencoder
from recommender.recall.look_alikes import compare_all, project_factors, whiten
from recommender.recall.low_rank import fit_factors
from recommender.training.metrics import ndcg_at_k

#: Sources that look at content alone or through content.
CONTENT_SOURCES = ("image", "audio", "guessed_tastes")
_CHUNK_VIEWERS = 512


@dataclass(frozen=True, slots=True)
class Sources:
    """Fitted sources over likes; every vote is a product with a viewer's row."""

    liked: sp.csr_matrix  # (n_viewers, n_videos) float32
    tastes: FloatArray  # (n_viewers, f) of least squares
    vectors: FloatArray  # (n_videos, f)
    guessed: FloatArray  # (n_videos, f) from content alone; all 0 without content
    read: FloatArray  # (n_videos, g) of the low-rank source
    score: FloatArray  # (n_videos, g)
    autoencoder: FloatArray  # (n_videos, n_videos)
    alike: Mapping[str, FloatArray]  # kind of content -> (n_videos, n_videos)
    popularity: FloatArray  # (n_videos,) log of likes

    def vote(self, viewers: IntArray) -> dict[str, FloatArray]:
        """Source -> (n, n_videos) float32, each with mean 0 and deviation 1 over a viewer's videos."""
        liked = self.liked[viewers]
        share = sp.diags(1.0 / np.maximum(np.diff(liked.indptr), 1)) @ liked
        votes = {
            "tastes": self.tastes[viewers] @ self.vectors.T,
            "factors": (liked @ self.read) @ self.score.T,
            "collaborative": liked @ self.autoencoder,
            "popularity": np.tile(self.popularity, (len(viewers), 1)),
            **{name: share @ alike for name, alike in self.alike.items()},
        }
        if self.alike:
            votes["guessed_tastes"] = self.tastes[viewers] @ self.guessed.T
        return {name: _standardise(np.asarray(vote, dtype=np.float32)) for name, vote in votes.items()}


def fit_sources(
    liked: sp.csr_matrix, content: Mapping[str, FloatArray], params: FusedRetrievalParams, seed: int
) -> Sources:
    """Every source on one matrix of likes, (n_viewers, n_videos), with content vectors by kind."""
    n_viewers, n_videos = liked.shape
    pairs = liked.tocoo()
    settings = replace(
        RecallParams(),
        als_factors=params.als_factors,
        als_l2=params.als_l2,
        factors=params.factors,
        factor_discount_power=params.factor_discount_power,
        factor_seed=seed,
        autoencoder_l2=params.autoencoder_l2,
        autoencoder_videos=n_videos,
    )
    data = (pairs.row, pairs.col, n_viewers, n_videos, settings)
    covered, fitted = fit_als(*data)
    vectors = np.zeros((n_videos, fitted.shape[1]), dtype=np.float32)
    vectors[covered] = fitted
    tastes = _solve_tastes(liked, vectors, settings)
    covered, read, score = fit_factors(*data)
    low_read, low_score = (np.zeros((n_videos, read.shape[1]), dtype=np.float32) for _ in range(2))
    low_read[covered], low_score[covered] = read, score
    covered, weights = fit_autoencoder(*data)
    autoencoder = np.zeros((n_videos, n_videos), dtype=np.float32)
    autoencoder[np.ix_(covered, covered)] = weights
    likes = np.asarray(liked.sum(axis=0)).ravel()
    white = {name: whiten(rows) for name, rows in content.items()}
    guessed = np.zeros_like(vectors)
    if white:
        guessed = project_factors(np.hstack(list(white.values())), likes, vectors, params.guess_l2)
    alike = {name: compare_all(rows, params.sharpness) for name, rows in white.items()}
    return Sources(liked, tastes, vectors, guessed, low_read, low_score, autoencoder, alike, np.log1p(likes))


def _solve_tastes(liked: sp.csr_matrix, vectors: FloatArray, params: RecallParams) -> FloatArray:
    """(n_viewers, f) exact tastes of every viewer for fixed video vectors."""
    gram = vectors.T @ vectors + params.als_l2 * np.eye(vectors.shape[1], dtype=np.float32)
    inverse = np.linalg.inv(gram)
    tastes = ((1 + params.als_confidence) * (liked @ vectors)) @ inverse
    # Woodbury: as many unknowns as a viewer has likes, which are few, instead of f.
    for viewer in np.flatnonzero(np.diff(liked.indptr)):
        mine = vectors[liked.indices[liked.indptr[viewer] : liked.indptr[viewer + 1]]]
        through = mine @ inverse
        small = np.eye(len(mine), dtype=np.float32) / params.als_confidence + through @ mine.T
        tastes[viewer] -= through.T @ np.linalg.solve(small, mine @ tastes[viewer])
    solved: FloatArray = tastes
    return solved


def _standardise(votes: FloatArray) -> FloatArray:
    spread = votes.std(axis=1, keepdims=True)
    scaled: FloatArray = (votes - votes.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)
    return scaled


def hold_out_one(liked: sp.csr_matrix, n_viewers: int, seed: int) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Take one random like of `n_viewers` viewers with at least two: what is left, and what is taken."""
    rng = np.random.default_rng(seed)
    able = np.flatnonzero(np.diff(liked.indptr) >= 2)
    chosen = rng.choice(able, min(n_viewers, len(able)), replace=False)
    place = liked.indptr[chosen] + (rng.random(len(chosen)) * np.diff(liked.indptr)[chosen]).astype(np.int64)
    taken = np.zeros(liked.nnz, dtype=bool)
    taken[place] = True
    pairs = liked.tocoo()
    parts = [
        sp.csr_matrix((pairs.data[mask], (pairs.row[mask], pairs.col[mask])), liked.shape)
        for mask in (~taken, taken)
    ]
    return parts[0], parts[1]


def choose_weights(
    sources: Sources, targets: sp.csr_matrix, params: FusedRetrievalParams
) -> tuple[dict[str, float], float]:
    """Weights of the sources by coordinate search on NDCG@20 of held-out targets, and that NDCG.

    `targets` is (n_viewers, n_videos), 1 for each held-out like.
    """
    chunks = list(_open_targets(sources, targets))
    weights = dict.fromkeys(chunks[0][0], 0.0)
    weights |= {name: 1.0 for name in ("tastes", "factors") if name in weights}
    best = _measure(chunks, weights)
    for _ in range(params.search_rounds):
        for name in weights:
            for tried in params.search_steps:
                candidate = weights | {name: tried}
                ndcg = _measure(chunks, candidate)
                if ndcg > best + 1e-6:
                    best, weights = ndcg, candidate
    return weights, best


def _open_targets(
    sources: Sources, targets: sp.csr_matrix
) -> Iterator[tuple[dict[str, FloatArray], tuple[IntArray, IntArray], list[IntArray]]]:
    """Votes, what is met, and the targets of each viewer, chunk after chunk."""
    asked = np.flatnonzero(np.diff(targets.indptr))
    for start in range(0, len(asked), _CHUNK_VIEWERS):
        viewers = asked[start : start + _CHUNK_VIEWERS]
        votes = {name: vote.astype(np.float16) for name, vote in sources.vote(viewers).items()}
        wanted = [targets.indices[targets.indptr[viewer] : targets.indptr[viewer + 1]] for viewer in viewers]
        yield votes, sources.liked[viewers].nonzero(), wanted


def _measure(
    chunks: list[tuple[dict[str, FloatArray], tuple[IntArray, IntArray], list[IntArray]]],
    weights: Mapping[str, float],
) -> float:
    """Mean NDCG@20: the rank of a target is one more than the videos that score above it."""
    values = []
    for votes, met, wanted in chunks:
        total = add_votes(votes, weights)
        total[met] = -np.inf
        hits = np.zeros((len(wanted), 20))
        for row, mine in enumerate(wanted):
            ranks = (total[row] > total[row, mine][:, None]).sum(axis=1)
            hits[row, ranks[ranks < 20]] = 1
        n_targets = np.array([len(mine) for mine in wanted])
        values.append(ndcg_at_k(hits, n_targets, 20))
    return float(np.concatenate(values).mean())


def add_votes(votes: Mapping[str, FloatArray], weights: Mapping[str, float]) -> FloatArray:
    """(n, n_videos) float32 weighted sum of standardised votes."""
    used = [name for name, weight in weights.items() if weight]
    total = np.zeros_like(next(iter(votes.values())), dtype=np.float32)
    for name in used:
        total += np.float32(weights[name]) * votes[name]
    return total
