"""The live engine of this process, kept fresh by a thread: version, catalogue, counts, weights, rules.

A request never waits for a reload; it takes the newest engine that is ready. The first request of a process
waits once.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import DatabaseError, close_old_connections, connection

from recommender import contracts as c
from recommender.build import build_engine
from recommender.flow import Engine
from recommender.models import ModelVersion
from recommender.params import VALUE_TERM_WEIGHTS, Params
from recommender.queries.activity import read_live_stats
from recommender.queries.catalogue import read_catalogue, read_catalogue_stamp
from recommender.queries.experiments import RunningRow, read_running
from recommender.queries.settings import read_market_rules, read_value_weights
from recommender.registry.artifacts import Artifact, BrokenArtifactError
from recommender.registry.versions import find_live, read_version
from recommender.serving.arms import Board, ServedExperiment, prepare_experiments
from recommender.serving.newcomers import read_pools

logger = logging.getLogger(__name__)

#: How often a process looks for a new version, video, block, weight or rule.
POLL_SECONDS = 1.0
#: How often fresh counts (trending, new videos' evidence) enter a running engine.
STATS_SECONDS = 30.0
#: How much of the past the fresh counts cover at most.
STATS_DAYS = 7


@dataclass(frozen=True, slots=True)
class LoadedEngine:
    """Everything a request needs, consistent with itself."""

    engine: Engine
    version_id: int | None  # None = no live model: the engine is the fallback
    weights: c.ValueWeights
    rules: c.MarketRules | None
    stamp: tuple[Any, ...]  # of version and catalogue
    stats_at: float  # monotonic seconds
    topic_codes: Mapping[str, int]
    running: tuple[RunningRow, ...]  # experiments as the database holds them
    served: tuple[ServedExperiment, ...]  # and with the engines of their arms
    board: Board


class LiveEngine:
    """Holds the newest ready engine of this process."""

    def __init__(self) -> None:
        self._current: LoadedEngine | None = None
        self._artifact: tuple[int, Artifact] | None = None
        self._broken: set[int] = set()
        self._arm_artifacts: dict[int, Artifact] = {}
        self._lock = threading.Lock()
        self._thread_pid: int | None = None
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    def get(self) -> LoadedEngine:
        """The engine to serve with; builds it on the first call of the process."""
        if self._thread_pid != os.getpid():
            self._start()
        current = self._current
        assert current is not None  # _start builds one or raises
        return current

    def refresh(self) -> LoadedEngine:
        """Bring the engine up to date now; returns it."""
        with self._lock:
            self._current = self._load(self._current)
            return self._current

    def build_over(self, catalogue: c.Catalogue, now: float) -> Engine:
        """An engine of the live version over another catalogue: today's with drafts at its end."""
        version_id, artifact = self._find_artifact()
        engine = build_engine(
            catalogue,
            artifact.arrays,
            artifact.meta,
            _read_stats(artifact),
            Params(),
            read_market_rules(),
            now,
        )
        return replace(engine, version=str(version_id or "fallback"))

    def _start(self) -> None:
        with self._lock:
            if self._thread_pid == os.getpid():
                return
            self._current = self._load(None)
            self._thread = threading.Thread(target=self._keep_fresh, name="live-engine", daemon=True)
            self._thread_pid = os.getpid()
            self._thread.start()

    def stop(self) -> None:
        """End the thread; the engine stays as it is."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _keep_fresh(self) -> None:
        try:
            while not self._stopped.wait(POLL_SECONDS):
                self._refresh_calmly()
        finally:
            connection.close()

    def _refresh_calmly(self) -> None:
        """Refresh; whatever goes wrong, the engine stays as it is and the thread lives on."""
        try:
            close_old_connections()
            cache.get("is-there")  # so that an absent cache is known before a request meets it
            self.refresh()
        except DatabaseError as error:
            logger.warning("live engine stays as it is, the database does not answer: %s", error)
            connection.close()
        except Exception:  # no single bad row or artifact may end the thread
            logger.exception("live engine stays as it is, its refresh failed")

    def _load(self, current: LoadedEngine | None) -> LoadedEngine:
        """The engine as the database wants it now; `current` itself if nothing changed."""
        weights = read_value_weights(VALUE_TERM_WEIGHTS)
        rules = read_market_rules()
        version_id, artifact = self._find_artifact()
        running = read_running()
        stamp = (version_id, *read_catalogue_stamp())
        if current is not None and (current.stamp, current.rules) == (stamp, rules):
            if time.monotonic() - current.stats_at < STATS_SECONDS:
                return self._follow_settings(current, weights, running, artifact)
            catalogue = current.engine.catalogue
        else:
            catalogue = read_catalogue(artifact.meta.get("topic_names", ()))
        engine = build_engine(
            catalogue,
            artifact.arrays,
            artifact.meta,
            _read_stats(artifact),
            Params(),
            rules,
            now=time.time(),
            previous=current.engine if current else None,
            pools=read_pools(),
        )
        if current is None or current.stamp != stamp:
            logger.info("live engine: version %s, %d videos", version_id, len(catalogue))
        served = self._serve_arms(running, engine, version_id, artifact, rules)
        return LoadedEngine(
            engine=engine,
            version_id=version_id,
            weights=weights,
            rules=rules,
            stamp=stamp,
            stats_at=time.monotonic(),
            topic_codes={name: code for code, name in enumerate(catalogue.topic_names)},
            running=running,
            served=served,
            board=Board(served, engine, version_id, weights),
        )

    def _follow_settings(
        self,
        current: LoadedEngine,
        weights: c.ValueWeights,
        running: tuple[RunningRow, ...],
        artifact: Artifact,
    ) -> LoadedEngine:
        """The same engine under today's weights and experiments; `current` itself if they are the same."""
        if (current.weights, current.running) == (weights, running):
            return current
        served = current.served
        if current.running != running:
            served = self._serve_arms(running, current.engine, current.version_id, artifact, current.rules)
        board = Board(served, current.engine, current.version_id, weights)
        return replace(current, weights=weights, running=running, served=served, board=board)

    def _serve_arms(
        self,
        running: tuple[RunningRow, ...],
        engine: Engine,
        version_id: int | None,
        artifact: Artifact,
        rules: c.MarketRules | None,
    ) -> tuple[ServedExperiment, ...]:
        def build(arm_version: int | None, params: Params) -> Engine:
            own = artifact if arm_version is None else self._read_arm(arm_version)
            stats = _read_stats(own)
            return build_engine(
                engine.catalogue, own.arrays, own.meta, stats, params, rules, time.time(), engine
            )

        self._arm_artifacts = {
            version: found
            for version, found in self._arm_artifacts.items()
            if any(arm.model_version == version for row in running for arm in row.arms)
        }
        return prepare_experiments(running, version_id, build)

    def _read_arm(self, version_id: int) -> Artifact:
        if version_id not in self._arm_artifacts:
            version = ModelVersion.objects.get(pk=version_id)
            self._arm_artifacts[version_id] = read_version(version)
        return self._arm_artifacts[version_id]

    def _find_artifact(self) -> tuple[int | None, Artifact]:
        """The live version's files, or none (the fallback); broken files are refused once, loudly."""
        version = find_live()
        if version is None or version.pk in self._broken:
            return None, Artifact({}, {})
        if self._artifact is None or self._artifact[0] != version.pk:
            try:
                self._artifact = (version.pk, read_version(version))
            except BrokenArtifactError as error:
                logger.error("version %s is not served: %s", version.pk, error)
                self._broken.add(version.pk)
                return self._keep_last_good()
        return self._artifact

    def _keep_last_good(self) -> tuple[int | None, Artifact]:
        return self._artifact if self._artifact is not None else (None, Artifact({}, {}))


def _read_stats(artifact: Artifact) -> c.LiveStats:
    earliest = datetime.now(UTC) - timedelta(days=STATS_DAYS)
    cut_at = artifact.meta.get("cut_at")
    since = max(earliest, datetime.fromtimestamp(cut_at, UTC)) if cut_at else earliest
    return read_live_stats(since)


live_engine = LiveEngine()
