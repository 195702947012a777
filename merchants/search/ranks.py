"""Where an account stands in its countries' searches, who stands above it, and where a new name would."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from merchants.models import Account, NicheScore
from recommender import engine

_ABOVE = 10


@dataclass(frozen=True, slots=True)
class RankPage:
    """One query in one country."""

    query: str
    market: str
    told: engine.RankTold
    found: engine.SearchPage
    what_if: engine.RankTold | None
    what_if_name: str


def rank(account: Account, said: dict[str, Any]) -> RankPage:
    """Rank of the account for the form's query, the ten first, and the rank of the name that is tried.

    Raises ValueError for a query without a word.
    """
    query, market = said["query"], said["market"]
    niche, probability = _read_standing(account)
    handle = account.handle

    def place(nickname: str, handle: str, consistency: float) -> engine.RankTold:
        return engine.rank_name(query, market, nickname, handle, niche, consistency, account.creator_id)

    what_if = None
    if said["new_name"]:
        texts = {"nickname": said["new_name"], "handle": handle, "market": market, "niche": niche}
        judged = engine.judge_account(texts, None, with_suggestions=False).consistency
        what_if = place(said["new_name"], handle, max(judged.probability, probability))
    found = engine.search_creators(query, market, _ABOVE)
    lines = tuple(line for line in found.lines if line.creator_id != account.creator_id)
    return RankPage(
        query, market, place(account.nickname or handle, handle, probability), replace(found, lines=lines),
        what_if, said["new_name"],
    )  # fmt: skip


def _read_standing(account: Account) -> tuple[str, float]:
    """Declared niche and probability of the last judgement; judged by name alone where there is none."""
    last = NicheScore.objects.filter(account=account).order_by("-judged_at").first()
    if last:
        return last.niche, last.probability
    niches = engine.list_niches()
    niche = account.niche.strip().lower().replace(" ", "-")
    niche = niche if niche in niches else niches[0]
    texts = {
        "nickname": account.nickname or account.handle, "handle": account.handle,
        "market": account.market or "GB", "niche": niche,
    }  # fmt: skip
    return niche, engine.judge_account(texts, None, with_suggestions=False).consistency.probability
