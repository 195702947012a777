"""Scores of accounts: evidence, gains that are results, and what never helps."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.niche.avatar import PictureReading
from recommender.niche.consistency import Account, judge, suggest
from recommender.niche.nickname import load_name_reader

ACCOUNT = Account("Lipstick Queen", "lipstickqueen", "MY", "lipstick")


def show(niche: str, share: float) -> PictureReading:
    """A picture that shows a niche with a probability."""
    niches = load_name_reader().taxonomy.niches
    probability = np.full(len(niches) + 1, (1 - share) / len(niches))
    probability[niches.index(niche)] = share
    return PictureReading(probability, niche, "", np.zeros((7, 7), dtype=np.float32), niche, np.zeros(1280))


def test_a_name_and_a_picture_of_the_niche_score_above_either_alone() -> None:
    reader = load_name_reader()
    whole = judge(replace(ACCOUNT, avatar=show("lipstick", 0.95)), reader)
    bare = judge(ACCOUNT, reader)
    strange = judge(replace(ACCOUNT, avatar=show("fishing", 0.95)), reader)
    assert whole.score > bare.score > 0
    assert whole.score > strange.score
    assert whole.probability > strange.probability
    assert judge(replace(ACCOUNT, nickname="Siti", handle="siti8"), reader).probability < 0.5
    assert whole.closest == "lipstick"


def test_the_points_add_up_to_the_score_and_carry_their_words() -> None:
    told = judge(replace(ACCOUNT, avatar=show("lipstick", 0.9), bio="matte lip gloss"), load_name_reader())
    assert told.score == pytest.approx(sum(part.points for part in told.parts), abs=0.05)
    assert sum(part.most_points for part in told.parts) == pytest.approx(100)
    nickname = next(part for part in told.parts if part.name == "nickname")
    assert [item.text for item in nickname.evidence] == ["lipstick"]


def test_stuffing_a_word_does_not_raise_the_score() -> None:
    reader = load_name_reader()
    stuffed = replace(ACCOUNT, nickname="lipstick " * 12)
    assert judge(stuffed, reader).score <= judge(replace(ACCOUNT, nickname="lipstick"), reader).score


def test_a_disguised_name_scores_below_the_plain_one() -> None:
    reader = load_name_reader()
    disguised = judge(replace(ACCOUNT, nickname="Lірstick Queen"), reader)
    assert disguised.is_disguised
    assert disguised.score < judge(ACCOUNT, reader).score


def test_each_suggestion_scores_what_it_says() -> None:
    reader = load_name_reader()
    account = replace(ACCOUNT, nickname="Siti Nur", handle="sitinur88")
    now = judge(account, reader).score
    found = suggest(account, reader)
    assert found
    for item in found:
        changed = {
            "nickname": account.nickname,
            "handle": account.handle,
            "bio": account.bio,
            item.part: item.value,
        }
        again = judge(replace(account, **changed), reader).score
        assert again == item.score
        assert item.gain == pytest.approx(again - now, abs=0.06)
    assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)


def test_an_unknown_niche_is_refused_with_the_choices() -> None:
    with pytest.raises(ValueError, match=r"'lipstik'.*lipstick"):
        judge(replace(ACCOUNT, niche="lipstik"), load_name_reader())
