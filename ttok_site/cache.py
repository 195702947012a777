"""A Redis cache that is allowed to be absent: a failing server costs one short wait, then none for a while.

The cache holds nothing that matters (throttle counters, speed-ups), so a miss is always a right answer.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

#: Seconds during which a failed server is not asked again.
PAUSE_SECONDS = 5.0

T = TypeVar("T")


class ResilientRedisCache(RedisCache):
    """Django's Redis cache behind a circuit breaker; while open, it answers as an empty cache would."""

    #: server -> monotonic second until which it is left alone after its last failure. Django makes a cache
    #: object per thread; what one of them learnt holds for all.
    _left_alone_until: dict[str, float] = {}

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._server = server

    @property
    def is_available(self) -> bool:
        """True if the last call that was tried was answered."""
        return self._server not in self._left_alone_until

    def _guard(self, call: Callable[[], T], otherwise: T) -> T:
        if time.monotonic() < self._left_alone_until.get(self._server, 0.0):
            return otherwise
        try:
            answer = call()
        except (RedisError, OSError) as error:
            self._left_alone_until[self._server] = time.monotonic() + PAUSE_SECONDS
            logger.warning("cache does not answer (%s); going on without it for %.0f s", error, PAUSE_SECONDS)
            return otherwise
        self._left_alone_until.pop(self._server, None)
        return answer

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        return self._guard(lambda: super(ResilientRedisCache, self).add(key, value, *args, **kwargs), True)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._guard(lambda: super(ResilientRedisCache, self).get(key, default, version), default)

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        self._guard(lambda: super(ResilientRedisCache, self).set(key, value, *args, **kwargs), None)

    def touch(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return self._guard(lambda: super(ResilientRedisCache, self).touch(key, *args, **kwargs), False)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return self._guard(lambda: super(ResilientRedisCache, self).delete(key, version), False)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        return self._guard(lambda: super(ResilientRedisCache, self).get_many(keys, version), {})

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return self._guard(lambda: super(ResilientRedisCache, self).has_key(key, version), False)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return self._guard(lambda: super(ResilientRedisCache, self).incr(key, delta, version), delta)

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> list[Any]:
        return self._guard(
            lambda: super(ResilientRedisCache, self).set_many(data, *args, **kwargs), list(data)
        )

    def delete_many(self, keys: Any, version: int | None = None) -> None:
        self._guard(lambda: super(ResilientRedisCache, self).delete_many(keys, version), None)

    def clear(self) -> None:
        self._guard(lambda: super(ResilientRedisCache, self).clear(), None)
