"""Weights are versions: one active per market, the old ones stay."""

import pytest

from recommender.contracts import VALUE_TERMS
from recommender.markets import encode_market
from recommender.models import ValueWeights
from recommender.queries.settings import read_value_weights
from recommender.serving.settings import activate_value_weights, save_value_weights

pytestmark = pytest.mark.django_db


def test_a_change_is_a_new_version_and_the_old_one_stays() -> None:
    first = save_value_weights("", {"like": 1.0})
    second = save_value_weights("", {"like": 2.0}, "likes matter more")
    first.refresh_from_db()
    assert (first.version, first.is_active, second.version, second.is_active) == (1, False, 2, True)


def test_saving_the_same_weights_again_changes_nothing() -> None:
    first = save_value_weights("MY", {"like": 1.0})
    assert save_value_weights("MY", {"like": 1.0}) == first
    assert ValueWeights.objects.count() == 1


def test_a_market_has_its_own_terms_on_top_of_everybodys() -> None:
    save_value_weights("", {"like": 1.0, "share": 3.0})
    save_value_weights("MY", {"like": 5.0})
    weights = read_value_weights({})
    terms = weights.for_market(encode_market("MY"))
    assert (terms[VALUE_TERMS.index("like")], terms[VALUE_TERMS.index("share")]) == (5.0, 3.0)
    assert weights.for_market(encode_market("GB"))[VALUE_TERMS.index("like")] == 1.0
    assert weights.version == "all:1,MY:1"


def test_an_earlier_version_can_be_returned_to() -> None:
    first = save_value_weights("", {"like": 1.0})
    save_value_weights("", {"like": 2.0})
    activate_value_weights(first)
    assert read_value_weights({}).default == {"like": 1.0}


def test_a_term_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'dislike' is not known; choose from"):
        save_value_weights("", {"dislike": 1.0})
    assert not ValueWeights.objects.exists()
