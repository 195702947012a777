"""A database of the benchmark's own beside the product's: made, migrated, filled, and dropped at the end."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import psycopg
from django.conf import settings
from psycopg import sql

from recommender.markets import MARKET_CODES, MARKETS

_FILL_CREATORS = """
INSERT INTO recommender_creator (id, handle, nickname, market, language, follower_count, is_blocked)
SELECT i, 'bench' || i, '', (%(markets)s::text[])[1 + i %% 8], (%(languages)s::text[])[1 + i %% 8], 0, false
FROM generate_series(1, %(n)s) AS i
"""
_FILL_VIDEOS = """
INSERT INTO recommender_video (id, creator_id, caption, hashtags, topics, language, duration_seconds,
    sound_id, has_cart, published_at, is_blocked, attributes)
SELECT i, 1 + i %% %(n_creators)s, 'a short video about topic ' || i %% 60, ARRAY['topic' || i %% 60],
    ARRAY['bench:' || i %% 60], (%(languages)s::text[])[1 + (1 + i %% %(n_creators)s) %% 8], 5 + i %% 60,
    i %% 5000, i %% 10 = 0, now() - i %% 90 * interval '1 day', false, '{}'
FROM generate_series(1, %(n)s) AS i
"""
_FILL_VIEWERS = """
INSERT INTO recommender_viewer (id, market, language, interests, device, attributes)
SELECT i, (%(markets)s::text[])[1 + i %% 8], (%(languages)s::text[])[1 + i %% 8],
    ARRAY['bench:' || i %% 60], '{"os": "android"}', '{}'
FROM generate_series(1, %(n)s) AS i
"""


def build_url(name: str) -> str:
    """The address of another database on the server that the settings name."""
    chosen = settings.DATABASES["default"]
    user = quote(str(chosen["USER"]), safe="")
    password = f":{quote(str(chosen['PASSWORD']), safe='')}" if chosen["PASSWORD"] else ""
    port = f":{chosen['PORT']}" if chosen["PORT"] else ""
    return f"postgresql://{user}{password}@{port}/{name}?host={quote(str(chosen['HOST']), safe='')}"


@contextmanager
def own_database(prefix: str) -> Iterator[str]:
    """The address of a fresh, migrated database that is dropped at the end."""
    name = f"{prefix}_{os.getpid()}_{secrets.token_hex(3)}"
    with psycopg.connect(build_url("postgres"), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            url = build_url(name)
            command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "migrate", "--verbosity", "0"]
            subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=True)
            yield url
        finally:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def fill_world(url: str, n_videos: int, n_viewers: int) -> None:
    """Creators (one per ten videos), videos and viewers with ids from 1, spread over the markets."""
    values: dict[str, Any] = {
        "markets": list(MARKET_CODES),
        "languages": [MARKETS[code].main_language for code in MARKET_CODES],
        "n_creators": max(1, n_videos // 10),
    }
    with psycopg.connect(url) as connection:
        connection.execute(_FILL_CREATORS, {**values, "n": values["n_creators"]})
        connection.execute(_FILL_VIDEOS, {**values, "n": n_videos})
        connection.execute(_FILL_VIEWERS, {**values, "n": n_viewers})
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def make_token(url: str, scopes: list[str]) -> str:
    """A key with some scopes, known to that database alone."""
    key = f"bench_{secrets.token_urlsafe(32)}"
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "INSERT INTO auth_user (username, password, is_superuser, is_staff, is_active, first_name, "
            "last_name, email, date_joined) "
            "VALUES ('benchmark', '!', false, false, true, '', '', '', now()) RETURNING id"
        ).fetchone()
        assert row is not None
        connection.execute(
            "INSERT INTO recommender_apitoken (name, owner_id, prefix, key_sha256, scopes) "
            "VALUES ('benchmark', %s, %s, %s, %s)",
            [row[0], key[:12], sha256(key.encode()).hexdigest(), scopes],
        )
    return key
