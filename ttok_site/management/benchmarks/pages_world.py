"""The large shop of `benchmark pages`, and the clock: a process of its own on the benchmark's database."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, date, datetime, timedelta
from statistics import quantiles
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from merchants.figures.activity import refresh_activity
from merchants.models import Account, Membership, Role, Team
from recommender.events.partitions import ensure_days
from recommender.events.schema import KIND_INDEX

CREATOR, FIRST_VIDEO, N_VIEWERS = 1, 10_000, 50_000
_CHUNK_DAYS = 30
_FILL = """
INSERT INTO recommender_event (happened_at, event_id, batch_id, viewer_id, video_id, creator_id,
    value_minor, actions, watch_ms, kind, market, source, position)
SELECT %(first)s::timestamptz + (i %% %(days)s) * interval '1 day'
        + (i * 7919 %% 86400) * interval '1 second',
    gen_random_uuid(), 1, 1 + i * 31 %% %(viewers)s,
    %(first_video)s + floor(%(videos)s * power((i * 2654435761 %% 1000003) / 1000003.0, 3))::int, %(creator)s,
    CASE WHEN i %% 200 = 0 THEN 890 END, CASE WHEN i %% 3 = 0 THEN 1 ELSE 0 END,
    CASE WHEN i %% 2 = 1 THEN 1000 + i %% 20000 END,
    CASE WHEN i %% 200 = 0 THEN %(order)s WHEN i %% 2 = 1 THEN %(watch)s ELSE %(impression)s END,
    i %% 8, CASE WHEN i %% 10 < 7 THEN 0 ELSE i %% 6 END, i %% 10
FROM generate_series(%(low)s::bigint, %(high)s::bigint) AS i
"""
_CATALOGUE = """
INSERT INTO recommender_creator (id, handle, nickname, market, language, follower_count, is_blocked)
VALUES (%(creator)s, 'benchmark', '', 'GB', 'en', 0, false);
INSERT INTO recommender_video (id, creator_id, caption, hashtags, topics, language, duration_seconds,
    has_cart, published_at, is_blocked, attributes)
SELECT %(first)s + i, %(creator)s, 'video ' || i, '{}', '{}', 'en', 20, true, now() - i * interval '8 hours',
    false, '{}'
FROM generate_series(0, %(n_videos)s - 1) AS i;
INSERT INTO recommender_viewer (id, market, language, interests, device, attributes)
SELECT i, 'GB', (ARRAY['en', 'ms', 'th', 'vi', 'id'])[1 + i %% 5], '{}',
    jsonb_build_object('os', (ARRAY['ios', 'android'])[1 + i %% 2]), '{}'
FROM generate_series(1, %(n_viewers)s) AS i
"""
_IMPORT_FILE = """
INSERT INTO merchants_importfile (account_id, sha256, name, format, first_day, last_day, row_count, totals,
    notes, nickname, imported_at)
VALUES (%(account)s, 'x', 'all', 'studio_overview', %(first)s, %(first)s::date + %(last_day)s, %(rows)s,
    '{}', '[]', '', now())
RETURNING id
"""
_IMPORTS = """
INSERT INTO merchants_dailymetric (import_file_id, account_id, day, hour, metric, value)
SELECT %(file)s, %(account)s, %(first)s::date + d, -1, m, 100 + d
FROM generate_series(0, %(last_day)s) AS d,
    unnest(ARRAY['video_views', 'likes', 'comments', 'shares', 'profile_views', 'new_followers']) AS m;
INSERT INTO merchants_videometric (import_file_id, account_id, source, video_ref, first_day, last_day,
    posted_on, title, link, products, currency, values)
SELECT %(file)s, %(account)s, s, (%(first_video)s + i)::text, %(first)s, %(first)s, %(first)s, 'video ' || i,
    '', '', 'GBP', '{"views": "5", "gmv": "8.90"}'
FROM generate_series(0, %(last_video)s) AS i, unnest(ARRAY['studio', 'shop']) AS s;
INSERT INTO merchants_videolimit (account_id, video_ref, market, stage, viewer_count, met_share, found_share,
    usual_found_share, above_share, shown_share, usual_shown_share, judged_at)
SELECT %(account)s, (%(first_video)s + i)::text, 'GB', (ARRAY['recall', 'none'])[1 + i %% 2], 40,
    1, 0.5, 0.5, 0.5, 0.5, 0.5, now()
FROM generate_series(0, %(last_video)s) AS i
"""
_PLAIN_COUNT = """
SELECT date_trunc('day', happened_at), market, count(*), sum(watch_ms) FROM recommender_event
WHERE creator_id = %s AND happened_at >= %s GROUP BY 1, 2
"""
_RANGES = ("range=28", "range=365", "range=custom&from={first}&to={last}")
_PAGES = (
    "/", "/videos/", "/imports/", "/alerts/", "/reports/", "/settings/people/", "/settings/audit/",
    "/reach/", "/reach/new/", "/niche/", "/search/?query=lipstick&market=GB&new_name=Lipstick+Queen",
)  # fmt: skip
_CARDS = """
/cards/key-figures/ /cards/trend/ /cards/changes/
/cards/funnel/ /cards/parts/market/ /cards/parts/source/
/cards/parts/language/ /cards/parts/device/ /cards/hours/
/cards/top-videos/ /cards/videos/ /videos/{video}/
/videos/{video}/trend/ /videos/{video}/retention/ /export/daily.csv
/export/videos.csv
""".split()


def main(size: dict[str, int]) -> dict[str, Any]:
    """Fill, then ask for every page in turn; the JSON document."""
    started = time.monotonic()
    account = make_account()
    last = timezone.now().date() - timedelta(days=1)
    first = last - timedelta(days=size["days"] - 1)
    fill_catalogue(size["videos"])
    fill_events(size, first)
    events_seconds = time.monotonic() - started
    for start in range(0, size["days"], _CHUNK_DAYS):
        end = min(start + _CHUNK_DAYS, size["days"]) - 1
        refresh_activity(account, first + timedelta(days=start), first + timedelta(days=end))
    fill_imports(account, size, first)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    filled = {"events": events_seconds, "all": time.monotonic() - started}
    return {
        "fill_seconds": {name: round(value, 1) for name, value in filled.items()},
        "plain_count_of_events_ms": measure_plain_count(last),
        "pages": measure_pages(account, size["repeats"], first, last),
    }


def make_account() -> Account:
    """One owner, one account that is linked to the creator."""
    team = Team.objects.create(name="benchmark")
    user = User.objects.create_user("benchmark")
    Membership.objects.create(user=user, team=team, role=Role.OWNER)
    return Account.objects.create(team=team, handle="benchmark", market="GB", creator_id=CREATOR)


def fill_catalogue(n_videos: int) -> None:
    """One creator, all videos, viewers with languages and phones."""
    numbers = {"creator": CREATOR, "first": FIRST_VIDEO, "n_videos": n_videos, "n_viewers": N_VIEWERS}
    with connection.cursor() as cursor:
        for statement in _CATALOGUE.split(";"):
            cursor.execute(statement, numbers)


def fill_events(size: dict[str, int], first: date) -> None:
    """Impressions, watches and orders, evenly over the days; half of them on an eighth of the videos."""
    start = int(datetime.combine(first, datetime.min.time(), UTC).timestamp()) * 1_000_000
    days = [start + day * 86_400_000_000 for day in range(size["days"])]
    for low in range(0, len(days), 100):  # a transaction holds a lock per partition
        ensure_days(days[low : low + 100])
    kinds = {name: KIND_INDEX[name] for name in ("impression", "watch", "order")}
    fixed: dict[str, Any] = {
        "first": first,
        "days": size["days"],
        "viewers": N_VIEWERS,
        "videos": size["videos"],
        "first_video": FIRST_VIDEO,
        "creator": CREATOR,
        **kinds,
    }
    step = 250_000
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        for low in range(0, size["events"], step):
            cursor.execute(_FILL, {**fixed, "low": low, "high": min(low + step, size["events"]) - 1})


def fill_imports(account: Account, size: dict[str, int], first: date) -> None:
    """Daily figures of the span and lifetime figures of every video, as imports would have left them."""
    told: dict[str, Any] = {
        "account": account.pk,
        "first": first,
        "last_day": size["days"] - 1,
        "first_video": FIRST_VIDEO,
        "last_video": size["videos"] - 1,
        "rows": size["days"],
    }
    with connection.cursor() as cursor:
        cursor.execute(_IMPORT_FILE, told)
        told["file"] = cursor.fetchone()[0]
        for statement in _IMPORTS.split(";"):
            cursor.execute(statement, told)


def measure_plain_count(last: date) -> float:
    """What a page would wait for if it counted 28 days of events itself, in milliseconds."""
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(_PLAIN_COUNT, [CREATOR, last - timedelta(days=27)])
        cursor.fetchall()
    return round(1000 * (time.perf_counter() - started), 1)


def measure_pages(account: Account, repeats: int, first: date, last: date) -> list[dict[str, Any]]:
    """Milliseconds and queries of each address."""
    client = Client(headers={"host": "localhost"})
    client.force_login(account.team.memberships.get().user)
    addresses = list(_PAGES)
    for span in _RANGES:
        query = span.format(first=first, last=last)
        addresses += [f"{path.format(video=FIRST_VIDEO)}?{query}" for path in _CARDS]
    return [measure(client, address, repeats) for address in addresses]


def measure(client: Client, address: str, repeats: int) -> dict[str, Any]:
    """One address, asked for `repeats` times after two that warm up."""
    with CaptureQueriesContext(connection) as queries:
        ask(client, address)
    n_queries = len(queries)  # the next request empties the log
    ask(client, address)
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        ask(client, address)
        times.append(1000 * (time.perf_counter() - started))
    cuts = quantiles(times, n=20)
    return {
        "path": address,
        "queries": n_queries,
        "p50_ms": round(cuts[9], 1),
        "p95_ms": round(cuts[18], 1),
    }


def ask(client: Client, address: str) -> None:
    """Ask, and read the whole answer."""
    answer = client.get(address)
    body = answer.getvalue()
    if answer.status_code != 200:
        raise SystemExit(f"{address} answered {answer.status_code}: {body[:300]!r}")


def measure_from_input() -> None:
    """The door of the process: sizes as JSON on standard input, the document on standard output."""
    print(json.dumps(main(json.load(sys.stdin))))
