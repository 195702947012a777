"""What a cover picture changes: viewers who go by the picture see the video that the picture shows.

The engine is asked twice: about the video as its caption and topic say, and about the same video on the
topic that the picture shows. A share of the audience (`ReachParams.cover_share`) goes by the picture; where
it shows nothing of any niche, they see a usual new video at best. A cover that shows what the caption says
changes nothing; without a cover the caption alone speaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from recommender.contracts import FloatArray
from recommender.forecasts import Cover, Draft, ReachQuestion
from recommender.simulation.engine_view import MarketView

#: Chance below which a niche is not taken to be on the picture: readings of photographs err so far.
_LEAST = 0.1


@dataclass(frozen=True, slots=True)
class Mixture:
    """How viewers who go by the picture see one question."""

    row: int  # the column of the engine's view that is about what the picture shows instead, -1 = none
    other: float  # chance that it shows that, 0-1
    nothing: float  # chance that it shows nothing the engine knows, 0-1; the rest shows what the caption says


def list_shown(
    questions: Sequence[ReachQuestion], topic_names: Sequence[str]
) -> tuple[list[ReachQuestion], list[Mixture]]:
    """Questions about what the covers show, to stand behind the given ones, and (n,) how they mix."""
    shown: list[ReachQuestion] = []
    mixtures: list[Mixture] = []
    for question in questions:
        said, other, chance = split_cover(question.draft, topic_names)
        row = -1
        if other:
            row = len(questions) + len(shown)
            draft = replace(question.draft, topics=(other,), cover=None)
            shown.append(replace(question, name=f"{question.name}, as shown", draft=draft))
        mixtures.append(Mixture(row, chance, 1.0 - said - chance))
    return shown, mixtures


def split_cover(draft: Draft, topic_names: Sequence[str]) -> tuple[float, str, float]:
    """Chance that the cover shows what the draft is about; what else it shows, "" for nothing; its chance."""
    if draft.cover is None:
        return 1.0, "", 0.0
    chances = dict(draft.cover.shown)
    said = sum(chances.pop(topic, 0.0) for topic in draft.topics)
    known = {niche: chance for niche, chance in chances.items() if niche in topic_names and chance >= _LEAST}
    if not known:
        return said, "", 0.0
    other = max(known, key=lambda niche: (known[niche], niche))
    return said, other, known[other]


def move_cover(draft: Draft, topic: str) -> Cover | None:
    """The cover of the same draft made about another topic: it shows that one as clearly as the first."""
    if draft.cover is None:
        return None
    said = sum(chance for niche, chance in draft.cover.shown if niche in draft.topics)
    left = [line for line in draft.cover.shown if line[0] not in draft.topics and line[0] != topic]
    left = [(niche, min(chance, 1.0 - said)) for niche, chance in left]
    return Cover(((topic, said), *left))


def mix_covers(view: MarketView, mixtures: Sequence[Mixture], share: float) -> MarketView:
    """The view of the first `len(mixtures)` columns once a share of the audience goes by the pictures."""
    n = len(mixtures)
    rows = np.array([place if mix.row < 0 else mix.row for place, mix in enumerate(mixtures)])
    other = share * np.array([mix.other if mix.row >= 0 else 0.0 for mix in mixtures])
    nothing = share * np.array([mix.nothing for mix in mixtures])

    def blend(values: FloatArray, usual: FloatArray | float) -> FloatArray:
        own = values[:n]
        shape = (n,) + (1,) * (own.ndim - 1)
        far, none = other.reshape(shape), nothing.reshape(shape)
        mixed: FloatArray = (1 - far - none) * own + far * values[rows] + none * usual
        return mixed

    return replace(
        view,
        odds=blend(view.odds, np.minimum(view.odds[:n], 1.0)),
        position=blend(view.position, np.minimum(view.position[:n], 0.5)),
        action=blend(view.action, view.usual_action),
        terms=blend(view.terms, view.usual_terms),
        watch_seconds=blend(view.watch_seconds, view.watch_seconds[:n]),
        admitted=view.admitted[:n],
    )


def describe_cover(draft: Draft, topic_names: Sequence[str]) -> dict[str, object] | None:
    """What the engine read in the cover, as plain numbers; None without one."""
    if draft.cover is None:
        return None
    said, other, chance = split_cover(draft, topic_names)
    return {
        "shows_topic": round(said, 4),
        "shows_instead": other or None,
        "shows_instead_chance": round(chance, 4),
        "shown": [[niche, round(value, 4)] for niche, value in draft.cover.shown],
    }
