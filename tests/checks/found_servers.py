"""Find the servers that answer on their standard loopback ports, and lend the tests room of their own.

Nothing that is there already is touched: a database of a new name, an empty Redis database, queues of a new
name. `TTOK_TEST_POSTGRES_URL` names an administrator where PostgreSQL does not let `postgres` in.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg
import redis

HOST = "127.0.0.1"
OLDEST_POSTGRES = 150000


@dataclass
class FoundSet:
    """Servers to run the integration part against; an empty `env` means that they cannot be used, and why."""

    description: str
    env: dict[str, str] = field(default_factory=dict)
    marker: str = "integration"  # of the tests for which these servers make a difference
    cleaners: list[Callable[[], None]] = field(default_factory=list)

    def clean(self) -> None:
        """Give the lent room back."""
        for cleaner in self.cleaners:
            cleaner()


def answers(port: int) -> bool:
    """True where something listens on this loopback port."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


def find_sets() -> list[FoundSet]:
    """PostgreSQL with Redis for everything, then RabbitMQ as the broker."""
    sets: list[FoundSet] = []
    database = _lend_database() if answers(5432) else None
    if database is not None and not database.env:
        sets.append(database)
        database = None
    broker_and_cache = _lend_redis() if answers(6379) else None
    found = [part for part in (database, broker_and_cache) if part is not None and part.env]
    if found:
        sets.append(_join(found))
    if answers(5672):
        rabbit = {"CELERY_BROKER_URL": f"amqp://guest:guest@{HOST}:5672//"}
        sets.append(FoundSet("RabbitMQ", rabbit, marker="broker"))
    if not sets:
        print("no PostgreSQL, Redis or RabbitMQ answers on its standard loopback port")
    return sets


def _join(parts: list[FoundSet]) -> FoundSet:
    joined = FoundSet(" and ".join(part.description for part in parts))
    for part in parts:
        joined.env |= part.env
        joined.cleaners += part.cleaners
    return joined


def _lend_database() -> FoundSet:
    """A database of this run alone; pytest-django makes its own `test_` database beside it and drops it."""
    address = os.environ.get("TTOK_TEST_POSTGRES_URL", f"postgresql://postgres@{HOST}:5432/postgres")
    name = f"ttok_{secrets.token_hex(4)}"
    try:
        with psycopg.connect(address, autocommit=True, connect_timeout=3) as connection:
            if connection.info.server_version < OLDEST_POSTGRES:
                return FoundSet(
                    f"PostgreSQL {connection.info.server_version // 10000}: older than 15, not used"
                )
            version = connection.info.server_version // 10000
            connection.execute(f'CREATE DATABASE "{name}"')
    except psycopg.Error as error:
        return FoundSet(f"PostgreSQL: it lets nobody in, set TTOK_TEST_POSTGRES_URL ({str(error).strip()})")

    def drop() -> None:
        with psycopg.connect(address, autocommit=True) as connection:
            for left in (name, f"test_{name}"):
                connection.execute(f'DROP DATABASE IF EXISTS "{left}" WITH (FORCE)')

    url = address.rpartition("/")[0] + f"/{name}"
    return FoundSet(f"PostgreSQL {version}", {"DATABASE_URL": url}, cleaners=[drop])


def _lend_redis() -> FoundSet | None:
    """Two databases that hold nothing: one as broker, one as cache."""
    empty: list[int] = []
    try:
        for number in range(15, 0, -1):
            with redis.Redis(host=HOST, db=number, socket_timeout=3) as client:
                if client.dbsize() == 0:
                    empty.append(number)
    except redis.RedisError as error:
        return FoundSet(f"Redis: it lets nobody in ({error})")
    if len(empty) < 2:
        return FoundSet("Redis: fewer than two of its databases are empty, not used")
    broker, cache = empty[:2]

    def flush() -> None:
        for number in (broker, cache):
            with redis.Redis(host=HOST, db=number) as client:
                client.flushdb()

    base = f"redis://{HOST}:6379"
    return FoundSet(
        "Redis", {"CELERY_BROKER_URL": f"{base}/{broker}", "CACHE_URL": f"{base}/{cache}"}, cleaners=[flush]
    )
