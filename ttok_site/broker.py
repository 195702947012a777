"""What a broker must be: one that never evicts. An evicting Redis deletes queued work without a word."""

from __future__ import annotations

from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

_REDIS_SCHEMES = ("redis", "rediss", "redis+socket", "unix")


class BrokerError(RuntimeError):
    """The broker would lose work; the text says what to change."""


def connect_redis(url: str, *, timeout_seconds: float = 3.0) -> redis.Redis | None:
    """A client for a Celery or redis-py address, None where the address is not of a Redis."""
    scheme = urlsplit(url).scheme
    if scheme not in _REDIS_SCHEMES:
        return None
    return redis.Redis.from_url(
        url.replace("redis+socket://", "unix://", 1).replace("?virtual_host=", "?db=", 1),
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), 0),
    )


def read_eviction_policy(url: str) -> str | None:
    """What a Redis does when its memory is full, None for another kind of broker.

    Read from INFO: hosted servers refuse CONFIG. Raises redis.RedisError if it does not answer.
    """
    client = connect_redis(url)
    if client is None:
        return None
    with client:
        return str(client.info("memory")["maxmemory_policy"])


def refuse_evicting_broker(url: str) -> None:
    """Raise BrokerError where the broker may drop queued work; a broker that does not answer passes."""
    try:
        policy = read_eviction_policy(url)
    except redis.RedisError:
        return  # Celery waits for it by itself, and says so
    if policy not in (None, "noeviction"):
        raise BrokerError(
            f"the broker's maxmemory-policy is {policy!r}: a full memory would delete queued work; "
            f"set it to noeviction, or point CELERY_BROKER_URL at a Redis that is not a cache"
        )
