"""A minute's allowance is one for all processes, and a large one costs no cache call per request."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache

from recommender.api import throttling
from recommender.api.throttling import TokenThrottle


@pytest.fixture(autouse=True)
def steady_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "time", SimpleNamespace(time=lambda: 1_795_000_020.0))
    monkeypatch.setattr(throttling, "find_caller", lambda request: request)


def call(process: type[TokenThrottle], token: int, times: int = 1) -> list[bool]:
    view = SimpleNamespace(throttle_group="read")
    request: Any = SimpleNamespace(id=token, method="GET")
    return [process().allow_request(request, view) for _ in range(times)]


def make_process() -> type[TokenThrottle]:
    """A process with counts of its own."""
    return type("Process", (TokenThrottle,), {"_counts": {}})


def test_two_processes_share_one_allowance(servers: None, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = {"read": 5}
    cache.clear()
    one, two = make_process(), make_process()
    assert call(one, 1, 3) == [True] * 3
    assert call(two, 1, 4) == [True, True, False, False]
    assert call(two, 2) == [True]


def test_a_large_allowance_is_handed_in_by_thousandths(
    servers: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_REQUESTS_PER_MINUTE = {"read": 4000}
    cache.clear()
    handed_in: list[int] = []
    real = throttling.hand_in
    monkeypatch.setattr(throttling, "hand_in", lambda key, calls: handed_in.append(calls) or real(key, calls))
    assert all(call(make_process(), 1, 4000))
    assert handed_in == [4] * 1000


def test_without_a_cache_nobody_is_throttled(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.API_REQUESTS_PER_MINUTE = {"read": 2}
    monkeypatch.setattr(throttling, "cache", SimpleNamespace(add=lambda *args, **kwargs: True))
    assert all(call(make_process(), 1, 9))
