"""Group all viewers anew, and tell who is in which group."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from math import isfinite
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from recommender import contracts as c
from recommender.features import groups as core
from recommender.models import GroupVersion
from recommender.params import Params
from recommender.queries import groups as queries
from recommender.queries.activity import read_impressions
from recommender.queries.catalogue import read_catalogue
from recommender.queries.viewers import read_viewers
from recommender.simulation.population import TOPICS, LearntGroups

#: Days of doings that a label stands for.
GROUPED_DAYS = 28
_ROUND_LOCK = 7_420_003
#: Shares of topics below this are not kept.
_LEAST_SHARE = 0.002


@dataclass(frozen=True, slots=True)
class GroupTold:
    """One group of viewers."""

    kind: str
    id: int
    traits: tuple[str, ...]
    size: int
    version: int
    stability: float | None


def regroup() -> list[GroupVersion] | None:
    """Label every viewer by the last weeks; None if another worker is at it or nothing happened."""
    params, now = Params().groups, timezone.now()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_try_advisory_xact_lock(%s)", [_ROUND_LOCK])
            if not cursor.fetchone()[0]:
                return None
        catalogue = read_catalogue()
        viewers = read_viewers(catalogue.topic_names)
        rows = read_impressions(catalogue, viewers, now - timedelta(days=GROUPED_DAYS), now)
        if not len(rows):
            return None
        found = _group(rows, catalogue, viewers, params)
        versions = [_make_version(kind, grouping) for kind, grouping in found.items()]
        _tell_liking(versions[1], rows, catalogue, found["interest"], params)
        queries.write_groups(viewers.viewer_id, {kind: g.label for kind, g in found.items()}, versions)
    return versions


def _group(
    rows: c.Impressions, catalogue: c.Catalogue, viewers: c.Viewers, params: Any
) -> dict[str, core.Grouping]:
    """Both groupings of all viewers."""
    n, ids = len(viewers), viewers.viewer_id
    acts, shown = core.describe_engagement(rows, catalogue, n, params)
    known = shown >= params.min_shown
    before = {kind: queries.viewer_groups(ids, kind) for kind in queries.KINDS}
    engagement = core.group_viewers(
        acts, core.ENGAGEMENT_TRAITS, known, params.engagement, before["engagement"], params
    )
    tastes = core.describe_interest(rows, catalogue, n, params)
    names = [*catalogue.topic_names, *map(str, range(len(catalogue.topic_names), tastes.shape[1]))]
    interest = core.group_viewers(tastes, names, known, params.interest, before["interest"], params)
    likes = core.describe_liking(rows, catalogue, interest.label, names, params)
    told = tuple(replace(group, traits=likes.get(group.id, group.traits)) for group in interest.groups)
    return {"engagement": engagement, "interest": replace(interest, groups=told)}


def _make_version(kind: str, grouping: core.Grouping) -> GroupVersion:
    newest = GroupVersion.objects.filter(kind=kind).aggregate(newest=Max("number"))["newest"] or 0
    return GroupVersion(
        kind=kind,
        number=newest + 1,
        viewer_count=int(np.count_nonzero(grouping.label >= 0)),
        stability=grouping.stability if isfinite(grouping.stability) else None,
        groups=[asdict(group) for group in grouping.groups],
        is_live=True,
    )


def _tell_liking(
    version: GroupVersion, rows: c.Impressions, catalogue: c.Catalogue, grouping: core.Grouping, params: Any
) -> None:
    """Keep what each group by interest likes, by topic: populations of simulations are drawn from it."""
    shares = core.describe_interest(rows, catalogue, len(grouping.label), params) ** 2
    for group in version.groups:
        mean = shares[grouping.label == group["id"]].mean(axis=0)
        named = zip(catalogue.topic_names, mean.tolist(), strict=False)
        group["liking"] = {name: round(share, 5) for name, share in named if share >= _LEAST_SHARE}


def read_learnt_groups() -> LearntGroups | None:
    """The groups by interest for populations to be drawn from; None where none is there."""
    version = queries.read_live_versions().get("interest")
    groups = version.groups if version is not None else []
    liking = np.array([[group.get("liking", {}).get(topic, 0.0) for topic in TOPICS] for group in groups])
    if not len(groups) or not liking.any():
        return None
    liking = (liking + 1e-4) / (liking + 1e-4).sum(axis=1, keepdims=True)
    return LearntGroups(np.array([group["size"] for group in groups]), liking)


def list_groups() -> list[GroupTold]:
    """The groups in force, by kind and id."""
    return [
        GroupTold(kind, group["id"], tuple(group["traits"]), group["size"], version.number, version.stability)
        for kind, version in sorted(queries.read_live_versions().items())
        for group in version.groups
    ]
