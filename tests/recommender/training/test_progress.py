"""What is told of the time left: nothing without an earlier fit, the truth at its pace."""

import pytest

from recommender.training.progress import Report

EXPECTED = {"read": 100.0, "learn": 300.0, "write": 100.0}


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def _walk(pace: float, expected: dict[str, float]) -> list[tuple[float, float | None]]:
    """(true, told) seconds left at every tenth of a fit `pace` times as long as the earlier."""
    clock, seen = Clock(), []
    report = Report(lambda fraction, text: None, expected, clock)
    whole = pace * sum(EXPECTED.values())
    begins = {"read": 0.0, "learn": pace * 100, "write": pace * 400}
    for tenth in range(10):
        clock.now = whole * tenth / 10
        report.step(tenth / 10, [text for text, at in begins.items() if at <= clock.now][-1])
        seen.append((whole - clock.now, report.remaining()))
    return seen


def test_without_an_earlier_fit_no_time_is_told() -> None:
    assert [told for _, told in _walk(1.0, {})] == [None] * 10


def test_at_the_earlier_pace_the_time_told_is_true() -> None:
    for true, told in _walk(1.0, EXPECTED):
        assert told == pytest.approx(true, abs=1.0)


@pytest.mark.parametrize("pace", [0.5, 2.0])
def test_another_pace_is_noticed(pace: float) -> None:
    for true, told in _walk(pace, EXPECTED)[3:]:
        assert told == pytest.approx(true, rel=0.3, abs=50)


def test_a_step_nobody_expected_makes_no_claim() -> None:
    said: list[str] = []
    report = Report(lambda fraction, text: said.append(text), EXPECTED, Clock())
    report.step(0.0, "read")
    report.step(0.1, "something new")
    assert said == ["read, about 8 minutes left", "something new"]
