"""Viewers' groups in the database: the labels in force, by viewer, and their versions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.db import connection, transaction

from recommender import contracts as c
from recommender.models import GroupVersion, ViewerGroup

KINDS: tuple[str, ...] = ("engagement", "interest")


def viewer_groups(viewer_ids: c.IntArray, kind: str) -> c.IntArray:
    """(n,) int16 group id of each viewer, UNKNOWN where none is known: a column to split an experiment by.

    Raises ValueError for a kind that does not exist.
    """
    if kind not in KINDS:
        raise ValueError(f"group kind {kind!r} is not known; choose one of {', '.join(KINDS)}")
    ids = np.asarray(viewer_ids, dtype=np.int64)
    found = dict(
        ViewerGroup.objects.filter(viewer_id__in=np.unique(ids).tolist()).values_list("viewer_id", kind)
    )
    return np.array([found.get(viewer, c.UNKNOWN) for viewer in ids.tolist()], dtype=np.int16)


def read_live_versions() -> dict[str, GroupVersion]:
    """The version in force of each kind."""
    return {version.kind: version for version in GroupVersion.objects.filter(is_live=True)}


def write_groups(
    viewer_ids: c.IntArray, labels: dict[str, c.IntArray], versions: Sequence[GroupVersion]
) -> None:
    """Make versions live and label every viewer; the engine reads labels from viewers' attributes."""
    engagement, interest = (labels[kind].tolist() for kind in KINDS)
    with transaction.atomic(), connection.cursor() as cursor:
        GroupVersion.objects.filter(kind__in=KINDS, is_live=True).update(is_live=False)
        GroupVersion.objects.bulk_create(versions)
        cursor.execute(
            """
            insert into recommender_viewergroup as g (viewer_id, engagement, interest, changed_at)
            select v, e, i, now() from unnest(%s::bigint[], %s::int[], %s::int[]) as n (v, e, i)
                on conflict (viewer_id) do update set engagement = excluded.engagement,
                   interest = excluded.interest, changed_at = now()
             where (g.engagement, g.interest) is distinct from (excluded.engagement, excluded.interest)
            """,
            [viewer_ids.tolist(), engagement, interest],
        )
        cursor.execute(
            """
            update recommender_viewer as v set attributes = v.attributes || jsonb_build_object(
                   'engagement_group', g.engagement, 'interest_group', g.interest)
              from recommender_viewergroup as g
             where g.viewer_id = v.id
               and (v.attributes -> 'engagement_group', v.attributes -> 'interest_group')
                   is distinct from (to_jsonb(g.engagement), to_jsonb(g.interest))
            """
        )
