"""The files of the live version for a run that goes on from it."""

from __future__ import annotations

import logging

from recommender.models import ModelVersion
from recommender.registry.artifacts import BrokenArtifactError
from recommender.registry.versions import read_version
from recommender.training.fit import FittedArtifact

logger = logging.getLogger(__name__)


def read_live(live: ModelVersion | None) -> FittedArtifact | None:
    """The live version's files; None if they cannot be served, so that a new version can replace it."""
    if live is None:
        return None
    try:
        artifact = read_version(live)
    except BrokenArtifactError as error:
        logger.error("the live version cannot be served, the candidate stands alone: %s", error)
        return None
    return FittedArtifact(arrays=dict(artifact.arrays), meta=dict(artifact.meta))
