"""A stored request becomes a question to the engine, with the changes that are tried beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from recommender import engine
from recommender.contracts import FloatArray
from recommender.forecasts import AccountFacts, Cover, Draft, Posts, ReachQuestion
from recommender.markets import LANGUAGES, MARKET_CODES, MARKETS

#: Lengths, in seconds, that are tried beside the draft's.
_LENGTHS = (12.0, 25.0, 45.0, 75.0)
#: Local hours that are tried.
_HOURS = (8, 12, 18, 21)
_PRICE_CUT = 0.8
#: Chance from which a cover is taken to show a topic plainly.
_CLEAR_COVER = 0.8
_HOUR_SECONDS = 3600.0


def read_run(request: dict[str, Any]) -> engine.ReachRun:
    """The run that a job's request asks for.

    Raises
    ------
    ValueError
        If a value is outside its range; the message names it.
    """
    question = read_question(request)
    return engine.ReachRun(
        question=question,
        variants=tuple(list_changes(question, request.get("topics", ()))),
        n_replicates=int(request.get("n_replicates", 400)),
        seed=int(request.get("seed", 7)),
        observed=tuple((int(hour), float(views)) for hour, views in request.get("observed", ())),
    )


def read_question(request: dict[str, Any]) -> ReachQuestion:
    """The draft as it is."""
    draft = Draft(
        caption=request["caption"],
        language=request["language"],
        duration_seconds=float(request["duration_seconds"]),
        topics=tuple(request["draft_topics"]),
        has_cart=bool(request["has_cart"]),
        price=float(request["price"]) if request.get("price") else None,
        cover=_read_cover(request.get("cover")),
    )
    followers = int(request["followers"])
    past = read_posts(_known_before(request), followers)
    account = AccountFacts(request["account_market"], followers, past, request.get("creator_id"))
    return ReachQuestion(
        name="draft",
        draft=draft,
        account=account,
        published_at=float(request["published_at"]),
        markets=tuple(request["markets"]),
        horizon_hours=int(request["horizon_hours"]),
    )


def _known_before(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The past that is known when the draft is posted: videos of a day before, oldest first.

    A date before the newest import asks what would have been; what came later must not answer.
    """
    newest = float(request["published_at"]) - 24 * _HOUR_SECONDS
    return [line for line in request.get("past", ()) if float(line["published_at"]) < newest]


def _read_cover(told: dict[str, Any] | None) -> Cover | None:
    """What the draft's cover was seen to show; None without one."""
    if told is None:
        return None
    return Cover(tuple((str(niche), float(chance)) for niche, chance in told["shown"]))


def read_posts(past: Sequence[dict[str, Any]], followers: int) -> Posts | None:
    """The account's past as arrays; None where nothing was imported."""
    if not past:
        return None

    def column(name: str) -> FloatArray:
        return np.array(
            [math.nan if line.get(name) is None else line[name] for line in past], dtype=np.float64
        )

    n = len(past)
    untold = np.full(n, np.nan)
    return Posts(
        creator=np.zeros(n, dtype=np.int64),
        published_at=column("published_at"),
        plays=column("views"),
        likes=column("likes"),
        comments=column("comments"),
        shares=column("shares"),
        duration_seconds=untold,
        hashtag_count=untold,
        original_sound=untold,
        followers=np.full(n, float(followers)),
        horizon_days=column("horizon_days"),
    )


def list_changes(question: ReachQuestion, topics: Sequence[str]) -> list[ReachQuestion]:
    """What is tried beside the draft: language, length, topic, cover, cart, price, hour, country; one each.

    Names are `field=value`; the page puts them in words.
    """
    draft = question.draft
    changes: list[ReachQuestion] = []

    def change_draft(name: str, **fields: Any) -> None:
        changes.append(replace(question, name=name, draft=replace(draft, **fields)))

    spoken = {MARKETS[market].main_language for market in question.markets} | {"en"}
    for language in [tag for tag in LANGUAGES if tag in spoken and tag != draft.language][:3]:
        change_draft(f"language={language}", language=language)
    for seconds in _LENGTHS:
        if not 0.75 < seconds / draft.duration_seconds < 1.33:
            change_draft(f"duration={seconds:g}", duration_seconds=seconds)
    for topic in [name for name in topics if name not in draft.topics][:3]:
        change_draft(f"topic={topic}", topics=(topic,), cover=engine.move_cover(draft, topic))
    for name, cover in _try_covers(draft):
        change_draft(f"cover={name}", cover=cover)
    change_draft(f"cart={'no' if draft.has_cart else 'yes'}", has_cart=not draft.has_cart)
    if draft.price:
        change_draft(f"price={draft.price * _PRICE_CUT:.6g}", price=draft.price * _PRICE_CUT)
    changes += _change_hours(question)
    for market in [code for code in MARKET_CODES if code != question.account.market]:
        if market in question.markets[:3]:
            account = replace(question.account, market=market)
            changes.append(replace(question, name=f"country={market}", account=account))
    return changes


def _try_covers(draft: Draft) -> list[tuple[str, Cover]]:
    """A cover that shows the draft's topic plainly, where its own does not; one that shows nothing of it."""
    topic = draft.topics[0]
    said = dict(draft.cover.shown).get(topic, 0.0) if draft.cover is not None else 1.0
    tried = [(topic, Cover(((topic, 1.0),)))] if said < _CLEAR_COVER else []
    return [*tried, ("none", Cover(()))] if said > 1 - _CLEAR_COVER else tried


def _change_hours(question: ReachQuestion) -> list[ReachQuestion]:
    """The same day at other hours of the account's clock; for horizons of a day or less."""
    now = MARKETS[question.account.market].local_time(question.published_at).hour
    return [
        replace(
            question,
            name=f"hour={hour}",
            published_at=question.published_at + (hour - now) * _HOUR_SECONDS,
        )
        for hour in _HOURS
        if hour != now and question.horizon_hours <= 24
    ]
