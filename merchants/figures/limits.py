"""Which stage of the engine limits each video.

For an account whose videos the platform serves the engine itself is asked: where new videos stand with their
first viewers, and what its stages leave of each video over a panel of viewers. Where it has not looked yet,
and for figures that come from files alone, a video is measured against the account's own others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from merchants.models import Account, VideoLimit
from recommender import engine

#: A video whose rate lies below this part of the account's own middle is limited there.
WEAK = Decimal("0.75")
#: Below so many views a rate says nothing.
MIN_VIEWS = 100


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a video loses reach, and what to do about it."""

    key: str
    title: str | Promise
    advice: str | Promise


STAGES: dict[str, Stage] = {
    stage.key: stage
    for stage in (
        Stage("new", _("Too early to tell"), _("Below 100 views no rate says anything yet.")),
        Stage(
            "trying", _("Exposure pool: being tried"),
            _("It is shown to viewers most likely to judge it until its pool is full."),
        ),
        Stage(
            "pool", _("Exposure pool: let go"),
            _("Its first viewers watched less of it than of its peers. Change the first seconds, post anew."),
        ),
        Stage(
            "blocked", _("Blocked"), _("Operators keep this video or its creator out of every feed."),
        ),
        Stage(
            "gate", _("Stopped at the border"),
            _("This market does not understand its language, and it is no hit."),
        ),
        Stage(
            "recall", _("Recall: found by few"),
            _("Few feeds consider it. Name the product in the caption and in the first hashtag."),
        ),
        Stage(
            "prediction", _("Prediction: watched briefly"),
            _("It is shown and swiped away. Show the result in the first two seconds, and cut it shorter."),
        ),
        Stage(
            "rerank", _("Re-rank: little value"),
            _("It is watched, but starts nothing. Pin the product and ask one question in the caption."),
        ),
        Stage(
            "crowded", _("Re-rank: too much alike"),
            _("It is among the best, but its like take its place. Vary topic and sound; post less often."),
        ),
        Stage("none", _("Not limited"), _("It does at least as well as your other videos at every stage.")),
    )
}  # fmt: skip
#: Which shares of a stored limit a stage is told by: (own, usual).
_EVIDENCE = {
    "recall": ("found_share", "usual_found_share"),
    "prediction": ("above_share", None),
    "rerank": ("shown_share", "usual_shown_share"),
}
_MIDDLE_PLACE = 0.5
_POOLS = {"trying": "trying", "let_go": "pool"}
#: The engine's re-rank takes away what is too much alike; what is worth little shows in its predictions.
_TOLD = {"rerank": "crowded"}
_STORED = [field.name for field in fields(engine.LimitTold) if field.name not in ("video_id", "creator_id")]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the engine did to one video: for whom, and each stage's (name, share, usual share)."""

    viewer_count: int
    market: str
    lines: Sequence[tuple[str | Promise, float, float]]


def judge(account: Account, rows: list[dict[str, Any]]) -> None:
    """Write into each row which stage limits it: `stage_key` and, in words, `stage`."""
    seen = [row for row in rows if (row.get("impressions") or 0) >= MIN_VIEWS]
    middles = {name: _find_middle(seen, name) for name in ("impressions", "finish_rate", "value_rate")}
    told = _read_engine(account)
    for row in rows:
        row["stage_key"] = told.get(row["video_ref"]) or _compare(row, middles)
        row["stage"] = str(STAGES[row["stage_key"]].title) if row["stage_key"] else None


def _read_engine(account: Account) -> dict[str, str]:
    """Video -> stage, as the engine told it; empty for an account that is not linked."""
    if account.creator_id is None or account.is_sample:
        return {}
    stored = VideoLimit.objects.filter(account=account).values_list("video_ref", "stage")
    pools = engine.list_pool_states(account.creator_id, account.market)
    limits = {ref: _TOLD.get(stage, stage) for ref, stage in stored}
    return limits | {str(video): _POOLS[state] for video, state in pools.items() if state in _POOLS}


def _compare(row: Mapping[str, Any], middles: Mapping[str, Decimal | None]) -> str:
    """The first stage at which a video falls clearly behind; '' where the platform counted nothing."""
    if not row["is_counted"]:
        return ""
    if (row.get("views") or 0) < MIN_VIEWS:
        return "new"
    for stage, name in (("prediction", "finish_rate"), ("rerank", "value_rate"), ("recall", "impressions")):
        middle, own = middles[name], row.get(name)
        if middle and own is not None and own < WEAK * middle:
            return stage
    return "none"


def _find_middle(rows: Sequence[Mapping[str, Any]], name: str) -> Decimal | None:
    values = sorted(Decimal(row[name]) for row in rows if row.get(name) is not None)
    return values[len(values) // 2] if values else None


def describe_evidence(account: Account, video_ref: str) -> Evidence | None:
    """What the engine did to a video of this account; None where it has not looked."""
    found = VideoLimit.objects.filter(account=account, video_ref=video_ref).first()
    if found is None:
        return None
    names = {
        "recall": _("Recall takes it for"),
        "prediction": _("Worth more than other candidates"),
        "rerank": _("On the page when among the best"),
    }
    lines = []
    for stage, (own, usual) in _EVIDENCE.items():
        if (share := getattr(found, own)) is not None:
            lines.append((names[stage], share, getattr(found, usual) if usual else _MIDDLE_PLACE))
    return Evidence(found.viewer_count, found.market, lines)


def refresh_limits() -> int:
    """Ask the engine anew for every linked account; how many videos it told of.

    Accounts of one market share the panel, so a market costs the same for one account as for a thousand.
    """
    by_market: dict[str, list[Account]] = defaultdict(list)
    for account in Account.objects.exclude(creator_id=None).exclude(is_sample=True).exclude(market=""):
        by_market[account.market].append(account)
    return sum(_refresh(market, accounts) for market, accounts in by_market.items())


def _refresh(market: str, accounts: Sequence[Account]) -> int:
    told = engine.find_limits([account.creator_id or 0 for account in accounts], market)
    by_creator: dict[int, list[engine.LimitTold]] = defaultdict(list)
    for one in told:
        by_creator[one.creator_id].append(one)
    for account in accounts:
        rows = [
            VideoLimit(account=account, market=market, video_ref=str(one.video_id), **_keep(one))
            for one in by_creator[account.creator_id or 0]
        ]
        with transaction.atomic():
            VideoLimit.objects.filter(account=account).delete()
            VideoLimit.objects.bulk_create(rows)
    return len(told)


def _keep(told: engine.LimitTold) -> dict[str, Any]:
    whole = asdict(told)
    return {name: whole[name] for name in _STORED}
