"""An absent cache costs one short wait, is known to every thread, and is used again once it is back."""

from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from ttok_site import cache as module
from ttok_site.cache import ResilientRedisCache

SERVER = "unix:///nowhere/cache.sock"


@pytest.fixture(autouse=True)
def forget_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ResilientRedisCache, "_left_alone_until", {})


def make() -> ResilientRedisCache:
    return ResilientRedisCache(SERVER, {"KEY_PREFIX": "x"})


def test_every_call_answers_as_an_empty_cache_would() -> None:
    cache = make()
    assert cache.get("a", "nothing") == "nothing"
    assert cache.add("a", 1) is True
    cache.set("a", 1)
    assert cache.incr("a", 3) == 3
    assert cache.get_many(["a"]) == {}
    assert cache.has_key("a") is False
    assert cache.set_many({"a": 1}) == ["a"]
    assert (cache.touch("a"), cache.delete("a")) == (False, False)
    cache.clear()
    cache.delete_many(["a"])


def test_a_server_that_failed_is_left_alone_for_a_while_by_every_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[str] = []

    def fail() -> Any:
        tried.append("tried")
        raise RedisConnectionError("refused")

    first, second = make(), make()
    assert first.is_available
    first._guard(fail, None)
    second._guard(fail, None)
    assert tried == ["tried"]
    assert not second.is_available


def test_a_server_that_is_back_is_used_again_after_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = make()
    cache.get("a")
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.0)
    ResilientRedisCache._left_alone_until[SERVER] = 0.0
    assert not cache.is_available
    assert cache._guard(lambda: "answer", "nothing") == "answer"
    assert cache.is_available
