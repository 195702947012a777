"""Value weights and market gates that operators set."""

from __future__ import annotations

from collections.abc import Mapping

from recommender import contracts as c
from recommender import markets
from recommender.models import MarketRule, ValueWeights


def read_value_weights(shipped: Mapping[str, float]) -> c.ValueWeights:
    """The active weights; `shipped` where the table has none for all markets."""
    active = ValueWeights.objects.filter(is_active=True).values_list("market", "version", "weights")
    rows = sorted(active, key=lambda row: row[0])
    return c.ValueWeights(
        version=",".join(f"{market or 'all'}:{version}" for market, version, _ in rows) or "shipped",
        default=next((weights for market, _, weights in rows if not market), shipped),
        by_market={markets.encode_market(market): weights for market, _, weights in rows if market},
    )


def read_market_rules() -> c.MarketRules | None:
    """The operators' own market gates on top of the shipped ones; None if there are none."""
    rows = MarketRule.objects.order_by("market").values_list(
        "market", "languages", "hit_quantile", "updated_at"
    )
    by_market = {
        markets.encode_market(market): c.MarketRule(
            frozenset(markets.encode_language(tag) for tag in languages), hit_quantile
        )
        for market, languages, hit_quantile, _ in rows
    }
    newest = max((updated_at for *_, updated_at in rows), default=None)
    return c.MarketRules(version=str(newest), by_market=by_market) if by_market else None
