"""The tastes of a viewer nobody knows: Thompson sampling over topics, with priors by what they told.

Every reaction is in the viewer's state when the next page is made, so the posterior needs no table of its
own:
it is the prior and the reactions of the state. Thompson (1933); Chapelle and Li (NIPS 2011).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recommender.contracts import UNKNOWN, Catalogue, Dataset, FloatArray, IntArray, Scenario, ViewerState
from recommender.features.viewers import POSITIVE_ACTIONS
from recommender.loop_params import NewViewerParams

#: What a prior is kept by: the viewer's market and app language, and the phone of the scene.
PRIOR_COLUMNS: tuple[str, ...] = ("market", "language", "device_os")
#: Imagined impressions at the topic's own rate behind each lift: small countries borrow from all.
_LIFT_STRENGTH = 30.0
_POSTERIOR_SEED = 20_180_512


@dataclass(frozen=True, slots=True)
class TastePriors:
    """Log-odds that an impression of a topic is liked, and what each column's code adds to it."""

    base: FloatArray  # (n_topics,) log-odds
    lift: Mapping[str, FloatArray]  # column -> (n_codes, n_topics) added log-odds

    @classmethod
    def none(cls, n_topics: int) -> TastePriors:
        """Every topic alike."""
        return cls(np.full(n_topics, -1.0), {})

    def read(self, codes: Mapping[str, int]) -> FloatArray:
        """(n_topics,) prior share of liked impressions for a viewer with these codes."""
        odds = self.base.astype(np.float64).copy()
        for name, table in self.lift.items():
            code = codes.get(name, UNKNOWN)
            if 0 <= code < len(table):
                odds += table[code]
        share: FloatArray = 1.0 / (1.0 + np.exp(-odds))
        return share


def count_topics(catalogue: Catalogue) -> int:
    """Topics that a catalogue names or uses, at least 1."""
    return max(len(catalogue.topic_names), int(catalogue.topics.max(initial=0)) + 1)


def fit_priors(dataset: Dataset) -> dict[str, FloatArray]:
    """Arrays of `TastePriors`: what was liked, by topic and by the columns, in the impressions of a fit."""
    rows, viewers = dataset.impressions, dataset.viewers
    n_topics = count_topics(dataset.catalogue)
    topic = (
        dataset.catalogue.topics[rows.video, 0] if dataset.catalogue.topics.shape[1] else rows.video * 0 - 1
    )
    liked = ((rows.actions & POSITIVE_ACTIONS) != 0).astype(np.float64)
    columns = {"market": viewers.market[rows.viewer], "language": viewers.language[rows.viewer]}
    if "device_os" in rows.extra:
        columns["device_os"] = rows.extra["device_os"]
    known = topic >= 0
    shown = np.bincount(topic[known], minlength=n_topics)
    taken = np.bincount(topic[known], weights=liked[known], minlength=n_topics)
    rate = (taken.sum() + 0.5) / (shown.sum() + 1.0)
    share = (taken + _LIFT_STRENGTH * rate) / (shown + _LIFT_STRENGTH)
    base = np.log(share / (1 - share))
    arrays = {"newcomers/base": base.astype(np.float32)}
    for name, code in columns.items():
        here = known & (code >= 0)
        arrays[f"newcomers/{name}"] = _lift(code[here], topic[here], liked[here], share)
    return arrays


def _lift(code: IntArray, topic: IntArray, liked: FloatArray, share: FloatArray) -> FloatArray:
    """(n_codes, n_topics) float32 log-odds of each cell over the topic's own, shrunk to 0."""
    n_codes, n_topics = int(code.max(initial=0)) + 1, len(share)
    cell = code.astype(np.int64) * n_topics + topic
    shown = np.bincount(cell, minlength=n_codes * n_topics).reshape(n_codes, n_topics)
    taken = np.bincount(cell, weights=liked, minlength=n_codes * n_topics).reshape(n_codes, n_topics)
    rate = (taken + _LIFT_STRENGTH * share) / (shown + _LIFT_STRENGTH)
    lift: FloatArray = (np.log(rate / (1 - rate)) - np.log(share / (1 - share))).astype(np.float32)
    return lift


def read_priors(arrays: Mapping[str, FloatArray], n_topics: int) -> TastePriors:
    """Priors of an artifact for a catalogue that may know more topics; those start from the mean."""
    if "newcomers/base" not in arrays:
        return TastePriors.none(n_topics)
    stored = np.asarray(arrays["newcomers/base"], dtype=np.float64)
    base = np.full(n_topics, float(stored.mean()))
    kept = min(n_topics, len(stored))
    base[:kept] = stored[:kept]
    lift = {}
    for name in PRIOR_COLUMNS:
        table = arrays.get(f"newcomers/{name}")
        if table is not None:
            wide = np.zeros((len(table), n_topics))
            wide[:, :kept] = np.asarray(table)[:, :kept]
            lift[name] = wide
    return TastePriors(base, lift)


def count_reactions(state: ViewerState, catalogue: Catalogue, n_topics: int) -> tuple[FloatArray, FloatArray]:
    """(n_topics,) liked and not liked among what the viewer watched or judged, by first topic."""
    rows = catalogue.find_rows(state.recent_video_id)
    here = rows >= 0
    topic = catalogue.topics[rows[here], 0]
    liked = (state.recent_actions[here] & POSITIVE_ACTIONS) != 0
    known = topic >= 0
    up = np.bincount(topic[known & liked], minlength=n_topics).astype(np.float64)
    down = np.bincount(topic[known & ~liked], minlength=n_topics).astype(np.float64)
    return up, down


def choose_chances(
    priors: TastePriors,
    state: ViewerState,
    scenario: Scenario,
    catalogue: Catalogue,
    topics: IntArray,
    params: NewViewerParams,
) -> FloatArray:
    """(n_topics,) chance that Thompson sampling picks each topic, exact for the policy that draws from it.

    The policy is: draw a topic by these chances. They are the frequencies of the largest among `draws` fixed
    draws of the posterior, so the same state always has the same chances and a logged propensity is no guess.

    Parameters
    ----------
    topics : codes that can be shown; the others have chance 0.
    """
    n_topics = len(priors.base)
    prior = priors.read({"market": state.market, "language": state.language, **_find_device(scenario)})
    up, down = count_reactions(state, catalogue, n_topics)
    alpha = params.prior_strength * prior + up
    beta = params.prior_strength * (1 - prior) + down
    chosen = state.interests[(state.interests >= 0) & (state.interests < n_topics)]
    alpha[chosen] += params.chosen_bonus
    rng = np.random.default_rng(_POSTERIOR_SEED)
    drawn = rng.beta(alpha[topics], beta[topics], size=(params.draws, len(topics)))
    chance = np.zeros(n_topics)
    chance[topics] = np.bincount(drawn.argmax(axis=1), minlength=len(topics)) / params.draws
    return chance


def _find_device(scenario: Scenario) -> dict[str, int]:
    return {"device_os": scenario.extra["device_os"]} if "device_os" in scenario.extra else {}


def share_of_page(state: ViewerState, params: NewViewerParams) -> float:
    """Share of the positions that taste is explored in: `share` for the first item, 0 after `items`.

    A like counts at once, so there is ever less to find out.
    """
    seen = len(state.seen_video_id) if state.n_met is None else state.n_met
    return params.share * max(0.0, 1.0 - max(seen, len(state.recent_video_id)) / params.items)
