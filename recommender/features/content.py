"""What a video is: hashed caption words, duration bucket, creator code, content vector.

Nothing here looks at what viewers did, so a video without a single impression is described as well as a hit.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.contracts import UNKNOWN, Catalogue, FloatArray, IntArray
from recommender.params import TOKEN_BUCKETS, FeatureParams

_WORD = re.compile(r"[#@]?\w+", re.UNICODE)
#: Scripts written without spaces: their runs are cut into overlapping pairs of characters.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
#: Weight of each part in a content vector; a topic says more than one caption word.
_TOPIC_WEIGHT, _TOKEN_WEIGHT, _CREATOR_WEIGHT, _SOUND_WEIGHT, _LANGUAGE_WEIGHT = 2.0, 1.0, 1.5, 0.5, 0.5
_VECTOR_SEED = 20_220_408


@dataclass(frozen=True, slots=True)
class Content:
    """Columns derived from a `Catalogue`, one row a video."""

    creator: IntArray  # (n_videos,) int32 code, position in `creator_ids`
    creator_ids: IntArray  # (n_creators,) int64, ascending
    creator_indptr: IntArray  # (n_creators + 1,) int64 into `creator_videos`
    creator_videos: IntArray  # (n_videos,) int32 rows grouped by creator, newest first
    duration_bucket: IntArray  # (n_videos,) int32, 0 = shortest; UNKNOWN where the duration is not known
    vectors: FloatArray  # (n_videos, d) float32 of length 1, or all 0 where nothing is known


def encode_words(text: str, n_buckets: int = TOKEN_BUCKETS) -> IntArray:
    """(n,) int32 hashed words of a text, in order, without repeats; hashtags count as their word.

    >>> list(encode_words("Red Lipstick")) == list(encode_words("#red LIPSTICK"))
    True
    """
    codes: dict[int, None] = {}
    for word in _WORD.findall(text.casefold()):
        word = word.lstrip("#@")
        parts = [word]
        if _UNSPACED.search(word) and len(word) > 2:
            parts = [word[place : place + 2] for place in range(len(word) - 1)]
        for part in parts:
            codes[zlib.crc32(part.encode()) % n_buckets] = None
    return np.array(list(codes), dtype=np.int32)


def encode_captions(captions: Sequence[str], params: FeatureParams | None = None) -> IntArray:
    """(n, token_slots) int32 hashed words of each caption, padded with UNKNOWN."""
    params = params or FeatureParams()
    tokens = np.full((len(captions), params.token_slots), UNKNOWN, dtype=np.int32)
    for row, caption in enumerate(captions):
        words = encode_words(caption, params.token_buckets)[: params.token_slots]
        tokens[row, : len(words)] = words
    return tokens


def describe_content(catalogue: Catalogue, params: FeatureParams) -> Content:
    """All derived columns of a catalogue; about 0.4 s at 100,000 videos."""
    creator_ids, creator = np.unique(catalogue.creator_id, return_inverse=True)
    creator = creator.astype(np.int32)
    order = np.lexsort((-catalogue.published_at, creator))
    counts = np.bincount(creator, minlength=len(creator_ids))
    return Content(
        creator=creator,
        creator_ids=creator_ids,
        creator_indptr=np.concatenate([[0], np.cumsum(counts)]),
        creator_videos=order.astype(np.int32),
        duration_bucket=bucket_durations(catalogue.duration_seconds, params),
        vectors=embed_content(catalogue, params.content_dimensions, params.token_buckets),
    )


def bucket_durations(duration_seconds: FloatArray, params: FeatureParams) -> IntArray:
    """(n,) int32 bucket of each duration, UNKNOWN where it is 0.

    >>> [int(bucket) for bucket in bucket_durations(np.array([0.0, 4.0, 5.0, 900.0]), FeatureParams())]
    [-1, 0, 1, 12]
    """
    bucket = np.searchsorted(params.duration_edges, duration_seconds, side="right").astype(np.int32)
    return np.where(duration_seconds > 0, bucket, UNKNOWN).astype(np.int32)


def embed_content(catalogue: Catalogue, dimensions: int, token_buckets: int) -> FloatArray:
    """(n_videos, dimensions) float32 unit vectors: random projections of topics, words, creator and so on.

    The projection of a code depends on the code alone, so vectors of a later catalogue stay comparable
    (Achlioptas, 2003). Frequent words count less, by inverse document frequency.
    """
    n_videos = len(catalogue)
    vectors = np.zeros((n_videos, dimensions), dtype=np.float32)
    projection = np.random.default_rng(_VECTOR_SEED).standard_normal((2**14, dimensions)).astype(np.float32)
    columns = [(catalogue.topics[:, slot], 1, _TOPIC_WEIGHT) for slot in range(catalogue.topics.shape[1])]
    columns += [(catalogue.tokens[:, slot], 2, _TOKEN_WEIGHT) for slot in range(catalogue.tokens.shape[1])]
    columns += [
        (catalogue.creator_id, 3, _CREATOR_WEIGHT),
        (catalogue.sound_id, 4, _SOUND_WEIGHT),
        (catalogue.language, 5, _LANGUAGE_WEIGHT),
    ]
    frequency = np.bincount(catalogue.tokens[catalogue.tokens >= 0] % token_buckets, minlength=token_buckets)
    rarity = np.log((n_videos + 1) / (frequency + 1)) / max(np.log(n_videos + 1), 1)
    for codes, kind, weight in columns:
        rows = np.flatnonzero(codes >= 0)
        if not len(rows):
            continue
        known = codes[rows].astype(np.uint64)
        slots = ((known * np.uint64(2_654_435_761) + np.uint64(kind * 97_003)) >> np.uint64(7)) % np.uint64(
            2**14
        )
        strength = np.full(len(rows), weight, dtype=np.float32)
        if kind == 2:
            strength *= rarity[codes[rows] % token_buckets].astype(np.float32)
        vectors[rows] += projection[slots.astype(np.int64)] * strength[:, None]
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    np.divide(vectors, length, out=vectors, where=length > 0)
    return vectors
