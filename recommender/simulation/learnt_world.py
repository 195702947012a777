"""A synthetic platform with an engine that learnt from its first log, all in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from recommender.build import build_engine
from recommender.contracts import (
    ACTION_INDEX,
    UNKNOWN,
    Catalogue,
    Dataset,
    FloatArray,
    History,
    Impressions,
    Viewers,
    ViewerState,
)
from recommender.features.content import encode_captions
from recommender.flow import Engine
from recommender.params import Params
from recommender.simulation.exposure import Exposures, expose
from recommender.simulation.population import TOPICS, Population, make_population
from recommender.simulation.response import respond
from recommender.training.fit import FittedArtifact, fit_engine

#: 1 November 2026, noon UTC.
_NOW = 1_793_534_400.0
_DAYS = 8
_FINISHED = 0.95
_LONG_SECONDS = 18.0


@dataclass(frozen=True, slots=True)
class LearntWorld:
    """The platform, its viewers as the feed sees them, and the engine that serves them."""

    population: Population
    dataset: Dataset
    engine: Engine
    now: float

    def list_states(self) -> list[ViewerState]:
        """Every viewer's state at `now`."""
        return [read_state(self.dataset, viewer) for viewer in range(len(self.dataset.viewers))]


def make_learnt_world(n_creators: int, n_videos: int, n_viewers: int, seed: int) -> LearntWorld:
    """Draw a platform, let a plain feed show it for some days, and fit an engine to what came of it."""
    population = make_population(n_creators, n_videos, n_viewers, _NOW, _DAYS, seed)
    rng = np.random.default_rng(seed + 1)
    shown = expose(population, _NOW, _DAYS, rng)
    impressions = react(population, shown, rng)
    dataset = Dataset(
        list_catalogue(population), list_viewers(population), no_history(n_viewers), impressions, _NOW
    )
    fitted = fit_world(dataset)
    engine = build_engine(dataset.catalogue, fitted.arrays, fitted.meta, params=Params(), now=_NOW)
    return LearntWorld(population, dataset, engine, _NOW)


def react(population: Population, shown: Exposures, rng: np.random.Generator) -> Impressions:
    """What viewers do with what they are shown, as a log."""
    answers = respond(population, shown.viewer, shown.video, shown.hour_local, rng)
    duration = population.videos.duration_seconds[shown.video]
    taken = answers.taken.copy()
    taken[:, ACTION_INDEX["finish"]] = answers.watch_seconds >= _FINISHED * duration
    taken[:, ACTION_INDEX["long_watch"]] = answers.watch_seconds >= np.minimum(duration, _LONG_SECONDS)
    return Impressions(
        viewer=shown.viewer,
        video=shown.video,
        happened_at=shown.happened_at,
        actions=(taken << np.arange(taken.shape[1])).sum(axis=1).astype(np.int32),
        watch_seconds=answers.watch_seconds.astype(np.float32),
        source=np.zeros(len(shown.viewer), dtype=np.int8),
        position=shown.position,
        propensity=np.full(len(shown.viewer), np.nan, dtype=np.float32),
        extra={"hour": shown.hour_local},
    )


def fit_world(dataset: Dataset) -> FittedArtifact:
    """What the platform's engine learns from the log, without the networks: they cost minutes."""
    still = Params()
    for part in ("sequence", "response", "network"):
        still = replace(still, **{part: replace(getattr(still, part), epochs=0)})
    return fit_engine(dataset, still)


def list_catalogue(world: Population) -> Catalogue:
    """Its videos as the engine sees them; video i has the id i + 1."""
    videos = world.videos
    n = len(videos.caption)
    return Catalogue(
        video_id=np.arange(1, n + 1),
        creator_id=videos.creator.astype(np.int64) + 1,
        sound_id=videos.sound,
        market=world.creators.market[videos.creator],
        language=videos.language,
        duration_seconds=videos.duration_seconds.astype(np.float32),
        published_at=videos.published_at,
        has_cart=videos.has_cart,
        is_blocked=np.zeros(n, dtype=bool),
        topics=videos.topic.astype(np.int32)[:, None],
        tokens=encode_captions(videos.caption),
        topic_names=TOPICS,
    )


def list_viewers(world: Population) -> Viewers:
    """Its viewers as the engine sees them; viewer i has the id i + 1."""
    n = len(world.viewer_market)
    interests = np.full((n, 3), UNKNOWN, dtype=np.int32)
    for viewer, names in enumerate(world.chosen):
        interests[viewer, : len(names)] = [TOPICS.index(name) for name in names]
    return Viewers(
        viewer_id=np.arange(1, n + 1),
        market=world.viewer_market,
        language=world.viewer_language,
        interests=interests,
    )


def no_history(n_viewers: int) -> History:
    """Nothing before the first impression."""
    none: FloatArray = np.zeros(0, dtype=np.float32)
    whole = np.zeros(0, dtype=np.int32)
    return History(np.zeros(n_viewers + 1, dtype=np.int64), whole, none.astype(np.float64), whole, none)


def read_state(dataset: Dataset, viewer: int) -> ViewerState:
    """One viewer's state after every impression of the data set."""
    rows = np.flatnonzero(dataset.impressions.viewer == viewer)
    ids = dataset.catalogue.video_id[dataset.impressions.video[rows]]
    empty = np.zeros(0, dtype=np.int64)
    chosen = dataset.viewers.interests[viewer]
    return ViewerState(
        viewer_id=int(dataset.viewers.viewer_id[viewer]),
        market=int(dataset.viewers.market[viewer]),
        language=int(dataset.viewers.language[viewer]),
        interests=chosen[chosen >= 0],
        recent_video_id=ids,
        recent_happened_at=dataset.impressions.happened_at[rows],
        recent_actions=dataset.impressions.actions[rows],
        recent_watch_seconds=dataset.impressions.watch_seconds[rows],
        seen_video_id=ids,
        followed_creator_id=empty,
        blocked_creator_id=empty,
        search_tokens=np.zeros(0, dtype=np.int32),
    )
