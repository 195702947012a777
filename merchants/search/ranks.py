"""Where an account stands in its countries' searches, who stands above it, and where a new name would."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from merchants.models import Account, NicheScore
from merchants.uploads.faces import open_avatar, show_draft
from merchants.uploads.pictures import SafePicture
from recommender import engine

_ABOVE = 10


@dataclass(frozen=True, slots=True)
class Tried:
    """Where the account would stand with another name, another picture, or both."""

    told: engine.RankTold
    name: str  # "" where the name stays
    picture: str  # address of the tried picture, "" where it stays
    probability: float  # 0-1 that it belongs to the niche


@dataclass(frozen=True, slots=True)
class RankPage:
    """One query in one country."""

    query: str
    market: str
    told: engine.RankTold
    probability: float  # 0-1 that the account belongs to its niche, as it is
    found: engine.SearchPage
    faces: dict[int, str]  # creator -> version of their picture, where there is one
    tried: Tried | None


def rank(account: Account, said: dict[str, Any]) -> RankPage:
    """Rank of the account for the form's query, the ten first, and the rank of what is tried.

    Raises ValueError for a query without a word.
    """
    query, market = said["query"], said["market"]
    niche, probability = read_standing(account)
    name = account.nickname or account.handle
    told = engine.rank_name(query, market, name, account.handle, niche, probability, account.creator_id)
    found = engine.search_creators(query, market, _ABOVE)
    lines = tuple(line for line in found.lines if line.creator_id != account.creator_id)
    return RankPage(
        query=query,
        market=market,
        told=told,
        probability=probability,
        found=replace(found, lines=lines),
        faces=engine.find_pictures(line.creator_id for line in lines),
        tried=_try(account, said, niche),
    )


def _try(account: Account, said: dict[str, Any], niche: str) -> Tried | None:
    """Judge and rank the account with the form's new name and picture; None where neither is given."""
    picture, name = said.get("new_picture"), said.get("new_name", "")
    if not name and not isinstance(picture, SafePicture):
        return None
    shown_name = name or account.nickname or account.handle
    pixels = picture.pixels if isinstance(picture, SafePicture) else open_avatar(account)
    texts = {"nickname": shown_name, "handle": account.handle, "market": said["market"], "niche": niche}
    judged = engine.judge_account(texts, pixels, with_suggestions=False).consistency
    told = engine.rank_name(
        said["query"], said["market"], shown_name, account.handle, niche, judged.probability,
        account.creator_id,
    )  # fmt: skip
    return Tried(told, name, show_draft(picture), judged.probability)


def read_standing(account: Account) -> tuple[str, float]:
    """Declared niche and probability of the last judgement; judged now where there is none."""
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
    judged = engine.judge_account(texts, open_avatar(account), with_suggestions=False)
    return niche, judged.consistency.probability
