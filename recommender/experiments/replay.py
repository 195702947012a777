"""Put another policy in front of logged choices: how likely it was to show what was shown, place by place.

The page so far is the logged one at every place, so each place is a choice of its own with a known chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recommender.contracts import (
    ACTION_INDEX,
    UNKNOWN,
    BoolArray,
    Catalogue,
    FloatArray,
    IntArray,
    LoggedChoice,
)
from recommender.experiments.off_policy import (
    Estimate,
    NoSupportError,
    estimate_doubly_robust,
    estimate_ips,
    estimate_slate,
    estimate_snips,
)
from recommender.features.content import Content
from recommender.params import RerankParams
from recommender.rerank.diversity import PageDiversity
from recommender.rerank.exploration import NEW, ArmLane, Lane, spread_chance
from recommender.rerank.lanes import read_lane


@dataclass(frozen=True, slots=True)
class LoggedPage:
    """What a page was chosen from and what came of it; one row a video of the shortlist."""

    creator: IntArray  # (n,) int64
    sound: IntArray  # (n,) int64, UNKNOWN = none
    vectors: FloatArray  # (n, d) float32
    expected: FloatArray  # (n, n_terms) predicted of each video, before any worth is put on it
    is_new: BoolArray  # (n,)
    last_creator: int
    last_sound: int
    weights: FloatArray  # (n_terms,) of whoever chose
    rerank: RerankParams  # of whoever chose
    shown: IntArray  # (k,) rows, in order
    propensity: FloatArray  # (k,) as logged
    actions: IntArray  # (k,) bit mask of what followed
    lanes: tuple[Lane | ArmLane, ...] | None = None  # of whoever chose; None = new videos alone

    def list_lanes(self, rerank: RerankParams) -> list[Lane | ArmLane]:
        """The lanes under other settings: the share for new videos follows theirs, the others stay."""
        if self.lanes is None:
            return [Lane(NEW, rerank.exploration_share, self.is_new)]
        before = self.rerank.exploration_share
        follows = rerank.exploration_share / before if before > 0 else 1.0
        return [
            replace(lane, share=lane.share * follows) if lane.name == NEW else lane for lane in self.lanes
        ]


@dataclass(frozen=True, slots=True)
class Policy:
    """Another way to choose: `expected` None = as predicted when the page was logged."""

    weights: FloatArray  # (n_terms,)
    rerank: RerankParams
    expected: FloatArray | None = None  # (n, n_terms)


@dataclass(frozen=True, slots=True)
class Replayed:
    """Logged places under another policy, all in step."""

    target: FloatArray  # (n,) its chance to show what was shown
    logged: FloatArray  # (n,) the log's
    reward: FloatArray  # (n,) 0 or 1
    chosen_guess: FloatArray  # (n,) predicted reward of what was shown
    target_guess: FloatArray  # (n,) predicted reward of the policy's choice
    supported: FloatArray  # (n,) share of the policy's choice that the log could have made
    page: IntArray  # (n,)
    place: IntArray  # (n,) position in its page


def locate_page(choice: LoggedChoice, catalogue: Catalogue, content: Content) -> LoggedPage | None:
    """A logged choice over today's catalogue; None if one of its videos is gone."""
    rows = catalogue.find_rows(choice.video_id)
    shown = np.array([np.flatnonzero(choice.video_id == video)[:1] for video in choice.shown]).ravel()
    if (rows < 0).any() or len(shown) != len(choice.shown):
        return None
    weights, rerank = read_policy(choice.policy)
    return LoggedPage(
        creator=catalogue.creator_id[rows],
        sound=catalogue.sound_id[rows],
        vectors=content.vectors[rows],
        expected=choice.expected,
        is_new=choice.is_new,
        last_creator=choice.last_creator,
        last_sound=choice.last_sound,
        weights=weights,
        rerank=rerank,
        shown=shown,
        propensity=choice.propensity,
        actions=choice.actions,
        lanes=tuple(read_lane(lane) for lane in choice.policy["lanes"]) if "lanes" in choice.policy else None,
    )


def rank_places(page: LoggedPage, policy: Policy) -> FloatArray:
    """(k, n) chance of each video of the shortlist at each place, the page so far being the logged one."""
    params = policy.rerank
    expected = page.expected if policy.expected is None else policy.expected
    value = (expected * policy.weights).astype(np.float32).sum(axis=1)
    open_rows = np.isfinite(value)
    diversity = PageDiversity(page.creator, page.vectors, value, params)
    lanes = page.list_lanes(params)
    last_creator, last_sound = page.last_creator, page.last_sound
    chances = np.zeros((len(page.shown), len(value)))
    for place, row in enumerate(page.shown):
        apart = open_rows & (page.creator != last_creator)
        if last_sound != UNKNOWN:
            apart &= page.sound != last_sound
        chances[place] = spread_chance(lanes, np.where(apart, diversity.adjust(value), -np.inf), params)
        open_rows[row] = False
        diversity.add(int(row))
        last_creator, last_sound = int(page.creator[row]), int(page.sound[row])
    return chances


def replay(pages: Sequence[LoggedPage], policies: Sequence[Policy], action: str) -> Replayed:
    """Each logged place under the policy of its page; the reward is `action`, of contracts.ACTIONS.

    Raises
    ------
    NoSupportError
        if there is no page.
    """
    if not pages:
        raise NoSupportError("the log holds no choice that is still in the catalogue; serve some pages first")
    column, bit = ACTION_INDEX[action], 1 << ACTION_INDEX[action]
    parts: list[tuple[Any, ...]] = []
    for number, (page, policy) in enumerate(zip(pages, policies, strict=True)):
        chances = rank_places(page, policy)
        could = rank_places(page, Policy(page.weights, page.rerank)) > 0
        places = np.arange(len(page.shown))
        could[places, page.shown] = True
        guess = page.expected[:, column]
        parts.append(
            (
                chances[places, page.shown],
                page.propensity,
                ((page.actions & bit) != 0).astype(np.float64),
                guess[page.shown],
                chances @ guess,
                (chances * could).sum(axis=1) / np.maximum(chances.sum(axis=1), 1e-12),
                np.full(len(places), number),
                places,
            )
        )
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Replayed(*columns)


def estimate_policy(replayed: Replayed) -> dict[str, Estimate]:
    """What the policy would have earned a place, by each estimator; pages are the draws.

    Raises
    ------
    NoSupportError
        if the log could not have made enough of the policy's choices, or too few rows bear on it.
    """
    support = float(replayed.supported.mean())
    parts = (replayed.reward, replayed.target, replayed.logged)
    found = {
        "ips": estimate_ips(*parts, support, replayed.page),
        "snips": estimate_snips(*parts, support, replayed.page),
        "doubly_robust": estimate_doubly_robust(
            *parts, replayed.chosen_guess, replayed.target_guess, support, replayed.page
        ),
    }
    slates = _stack_pages(replayed)
    for name, is_cascade in (("slate", False), ("slate_cascade", True)):
        if slates is None:
            continue
        try:
            one = estimate_slate(*slates, is_cascade=is_cascade, support=support)
        except NoSupportError:  # products of ratios need more pages than single places do
            continue
        found[name] = one
    return found


def _stack_pages(replayed: Replayed) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Reward, target and logged chance as (n_pages, k), of pages at least as long as the middle one."""
    length = np.bincount(replayed.page)
    k = int(np.median(length))
    kept = (length[replayed.page] >= k) & (replayed.place < k)
    if not k or not kept.any():
        return None
    shape = (-1, k)
    return (
        replayed.reward[kept].reshape(shape),
        replayed.target[kept].reshape(shape),
        replayed.logged[kept].reshape(shape),
    )


def read_policy(policy: Mapping[str, Any]) -> tuple[FloatArray, RerankParams]:
    """Weights and re-rank params as they were logged; params that are gone since are left out."""
    known = set(RerankParams.__dataclass_fields__)
    rerank = {name: value for name, value in policy["rerank"].items() if name in known}
    return np.array(policy["weights"], dtype=np.float32), RerankParams(**rerank)
