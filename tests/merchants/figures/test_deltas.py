"""Changes said honestly, whatever the figures are."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from merchants.figures.deltas import compare

FIGURES = st.one_of(st.none(), st.decimals(-(10**9), 10**9, places=2))


@given(FIGURES, FIGURES)
def test_a_share_is_told_only_of_something_above_zero(now: Decimal | None, before: Decimal | None) -> None:
    delta = compare(now, before)
    if now is None or before is None:
        assert (delta.direction, delta.share, delta.difference) == ("unknown", None, None)
    elif now == before:
        assert (delta.direction, delta.share) == ("flat", 0)
    elif before == 0:
        assert (delta.direction, delta.share) == ("new", None)
    else:
        assert delta.direction == ("up" if now > before else "down")
        assert (delta.share is not None) == (before > 0)


@given(st.decimals(1, 10**6, places=2), st.decimals(1, 10**6, places=2))
def test_before_and_share_give_now_back(now: Decimal, before: Decimal) -> None:
    delta = compare(now, before)
    assert delta.share is not None
    assert abs(before * (1 + delta.share) - now) < Decimal("0.0001")
