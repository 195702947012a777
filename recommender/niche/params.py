"""Every tunable number of names, avatars, consistency and search: unit, range, why this value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class NameParams:
    """How strongly a word in a name speaks for a niche, 0-1. Chosen on the shipped nicknames' first half."""

    # A word of the lexicon, and one that is said about other things too.
    word: float = 0.8
    weak_word: float = 0.3
    # A picture (emoji): it decorates as often as it tells.
    picture: float = 0.4
    # A letter guess from unknown words must be this likely before it is told as a niche, 0-1.
    least_confidence: float = 0.3
    # What `none` keeps of its likelihood for unknown words, 0-1: it was fitted on people's names mostly,
    # and what is judged is mostly a shop's.
    unknown_none_share: float = 0.6
    # From this strength on known words decide alone, 0-1: above a weak word, below a shared strong one.
    strong_word: float = 0.42
    # A word in another language of the market, and in one that is not spoken there.
    spoken_language: float = 0.93
    foreign_language: float = 0.7
    # The same of at most four Latin letters: `so`, `tas` and `ken` mean other things elsewhere.
    short_foreign: float = 0.4
    # Vietnamese without its marks, letters of another script, a word that is also a name or place.
    bare_spelling: float = 0.95
    disguised: float = 0.6
    also_generic: float = 0.75
    # Up to three Latin letters or one character: `son`, `tas`, a single Chinese head word.
    short_word: float = 0.8
    # A word listed under n niches counts n ** -power for each.
    shared_word_power: float = 0.5
    # Most that standing where the language names the thing sold adds.
    head_bonus: float = 0.15
    # What stays of a niche that loses to another one said in the same name (taxonomy/precedence.toml).
    loser: float = 0.6
    # Strengths are sharpened before they are compared; `none` weighs like a word of this strength.
    sharpness: float = 3.0
    none_strength: float = 0.22


@dataclass(frozen=True, slots=True)
class AvatarParams:
    """How a picture is read; chosen on photographs that no weight was fitted on."""

    # Share of the learnt regression beside the ImageNet classes, 0-1.
    learnt_share: float = 0.6
    # Added to the log score of the ImageNet classes that show no goods, -3 to 0: there are 600 of them, and
    # what they collect from a doubtful photograph is doubt, not evidence.
    none_bias: float = -2.0
    # Above 1: less sure than the product of both says, because they see the same features.
    temperature: float = 1.3


@dataclass(frozen=True, slots=True)
class ConsistencyParams:
    """What each part of an account is worth, and how parts become a probability."""

    # Shares of the score: a search result shows nickname and avatar, large; the rest is seen on the profile.
    nickname_weight: float = 0.40
    avatar_weight: float = 0.30
    handle_weight: float = 0.12
    bio_weight: float = 0.08
    videos_weight: float = 0.10
    # What is left of a nickname's fit when letters of another script stand in it: no search finds it.
    disguise_share: float = 0.5
    # Logistic regression on log odds: slope and middle per part. Nickname and avatar were fitted on
    # every second judged account, with 15 % of the names made unreadable as they are in the wild; the others
    # are set so that they can only add.
    calibration: Mapping[str, tuple[float, float]] = field(
        default_factory=lambda: {
            "nickname": (1.26, 0.0), "avatar": (1.71, -2.5), "handle": (0.3, -4.6), "bio": (0.2, -4.6),
            "videos": (0.3, -4.6),
        }
    )  # fmt: skip
    calibration_bias: float = 5.7


@dataclass(frozen=True, slots=True)
class SearchParams:
    """How found accounts and videos are ordered."""

    # Worth of a query word found as written, of another word for the same niche, of a near spelling, 0-1.
    exact_word: float = 1.0
    same_niche: float = 0.6
    near_spelling: float = 0.7
    # Shares of relevance, niche consistency and engagement in the order; they add up to 1.
    relevance_share: float = 0.6
    consistency_share: float = 0.25
    engagement_share: float = 0.15
    # Least likeness of letter triples (Jaccard) that counts as a near spelling, 0-1, and how many are tried.
    least_likeness: float = 0.45
    near_spellings: int = 3
    # A viewer looks at result k with the chance (1 / k) ** power (position-based model, Richardson et al.,
    # WWW
    # 2007); clicks are divided by it. Imagined looks behind a click rate, and their rate.
    examination_power: float = 1.0
    prior_looks: float = 20.0
    prior_click_rate: float = 0.1
