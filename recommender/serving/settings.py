"""Value weights: a change is a new version, and the earlier ones stay for comparison and return."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Max

from recommender.contracts import ValueWeights as Weights
from recommender.models import ValueWeights
from recommender.params import VALUE_TERM_WEIGHTS


@transaction.atomic
def save_value_weights(market: str, weights: Mapping[str, float], note: str = "") -> ValueWeights:
    """Make `weights` the active version of a market ("" = every market without its own).

    The same weights again change nothing. Raises ValueError for a term that does not exist or a weight that
    is not finite.
    """
    Weights(version="draft", default=weights)
    versions = ValueWeights.objects.select_for_update().filter(market=market)
    active = versions.filter(is_active=True).first()
    if active is not None and active.weights == dict(weights):
        return active
    newest = versions.aggregate(newest=Max("version"))["newest"] or 0
    versions.filter(is_active=True).update(is_active=False)
    return ValueWeights.objects.create(
        market=market, version=newest + 1, weights=dict(weights), is_active=True, note=note
    )


def read_active_weights() -> dict[str, float]:
    """The terms in force in every market without its own: the active version, or what was shipped."""
    active = ValueWeights.objects.filter(market="", is_active=True).values_list("weights", flat=True).first()
    return dict(active or VALUE_TERM_WEIGHTS)


@transaction.atomic
def activate_value_weights(version: ValueWeights) -> None:
    """Return to an earlier version as it is."""
    ValueWeights.objects.filter(market=version.market, is_active=True).update(is_active=False)
    ValueWeights.objects.filter(pk=version.pk).update(is_active=True)
