"""What an arm may change: every value has a moment and a range, and what it changes is what was named."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.contracts import VALUE_TERMS, ValueWeights
from recommender.experiments.overrides import (
    OverrideError,
    apply_to_fusion,
    apply_to_params,
    apply_to_weights,
    check_overrides,
    list_paths,
)
from recommender.experiments.params import BUILT, FIXED, SERVED
from recommender.params import Params
from recommender.recall.gather import SIGNALS

ALL = frozenset({"request", "engine", "fit"})


def test_every_value_of_the_engine_has_its_moment_and_every_range_its_value() -> None:
    params = Params()
    paths = {
        f"{stage.name}.{item.name}"
        for stage in dataclasses.fields(params)
        for item in dataclasses.fields(getattr(params, stage.name))
    }
    told = {path for path in list_paths() if not path.startswith(("value.", "mix."))}
    assert told | FIXED == paths
    assert set(SERVED) | set(BUILT) <= paths
    assert not set(SERVED) & set(BUILT)


@pytest.mark.parametrize("path", sorted({**SERVED, **BUILT}))
def test_the_shipped_value_is_within_its_range(path: str) -> None:
    stage, name = path.split(".")
    shipped = getattr(getattr(Params(), stage), name)
    told = list(shipped) if isinstance(shipped, tuple) else shipped
    checked = check_overrides({path: told}, ALL)
    assert apply_to_params(Params(), checked) == Params()


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"rerank.diversitee": 0.3}, "choose one of rerank.creator_decay"),
        ({"diversity": 0.3}, "its first part is one of features, floors"),
        ({"rerank.diversity": "much"}, "'much'; give a number"),
        ({"rerank.diversity": True}, "give a number"),
        ({"rerank.diversity": float("nan")}, "give a number"),
        ({"rerank.diversity": 1.5}, "choose 0 to 1 (shipped: 0.15)"),
        ({"rerank.shortlist": 99.5}, "give a whole number"),
        ({"features.duration_edges": [5, 3]}, "give edges that ascend"),
        ({"features.duration_edges": 5}, "give a list of numbers"),
        ({"features.token_buckets": 64}, "stored files stand on it"),
        ({"value.joy": 3}, "choose one of value.finish"),
        ({"mix.trending": -1}, "choose 0 to 10"),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(overrides: dict[str, Any], words: str) -> None:
    with pytest.raises(OverrideError) as refused:
        check_overrides(overrides, ALL)
    assert words in str(refused.value)


@given(st.sampled_from(sorted(SERVED)), st.floats(0, 1))
def test_one_value_moves_and_no_other(path: str, share: float) -> None:
    low, high = SERVED[path]
    stage, name = path.split(".")
    value = low + share * (high - low)
    if isinstance(getattr(getattr(Params(), stage), name), int):
        value = round(value)
    changed = apply_to_params(Params(), check_overrides({path: value}, ALL)).to_dict()
    expected = Params().to_dict()
    expected[stage][name] = changed[stage][name]
    assert changed == expected
    assert changed[stage][name] == pytest.approx(value)


@given(st.dictionaries(st.sampled_from(VALUE_TERMS), st.floats(-50, 50), min_size=1))
def test_a_named_worth_holds_in_every_market_and_the_others_stay(terms: dict[str, float]) -> None:
    weights = ValueWeights("1", {"like": 3.0, "share": 4.0}, {2: {"like": 8.0}})
    changed = apply_to_weights(weights, {f"value.{name}": worth for name, worth in terms.items()}, "b")
    for market in (0, 2):
        before, after = weights.for_market(market), changed.for_market(market)
        for place, name in enumerate(VALUE_TERMS):
            assert after[place] == pytest.approx(terms.get(name, before[place]), abs=1e-5)


def test_the_mix_multiplies_what_was_learnt() -> None:
    fusion = np.arange(1, len(SIGNALS) + 1, dtype=np.float32)
    changed = apply_to_fusion(fusion, {"mix.trending": 3.0, "rerank.diversity": 0.2})
    place = SIGNALS.index("trending")
    assert changed[place] == 3 * fusion[place]
    assert np.delete(changed, place).tolist() == np.delete(fusion, place).tolist()
