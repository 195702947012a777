"""Queries per page: bounded, equal at 10 and at 1,000 rows, and reviewed like code (tests/query_counts.json).

After a change that is meant: run this test once with TTOK_WRITE_COUNTS=1.
"""

import json
import os
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from merchants.models import (
    Account,
    ActivityDay,
    AlertRule,
    AuditEntry,
    Facet,
    ImportFile,
    VideoLimit,
    VideoMetric,
)
from recommender.models import Creator, Video, VideoStage
from tests.factories import make_account, make_user
from ttok_site.places import BASE_DIR

pytestmark = pytest.mark.django_db
RECORD = BASE_DIR / "tests" / "query_counts.json"
PAGES = """
/ /videos/ /videos/7000/ /imports/ /alerts/ /reports/ /welcome/ /accounts/connect/ /settings/accounts/
/settings/people/ /settings/keys/ /settings/webhooks/ /settings/links/ /settings/audit/ /cards/key-figures/
/cards/trend/ /cards/changes/ /cards/funnel/ /cards/parts/market/ /cards/parts/source/ /cards/hours/
/cards/top-videos/ /cards/videos/ /videos/7000/trend/ /videos/7000/stages/
/export/daily.csv /export/videos.csv
""".split()
MOST = 25


def fill(account: Account, count: int) -> None:
    """So many videos, imports, rules and entries."""
    day = timezone.now().date() - timedelta(days=2)
    ones = dict.fromkeys(ActivityDay.MEASURES, 200)
    facets = (
        (Facet.SOURCE, "for_you"),
        (Facet.HOUR, "3"),
        *((Facet.VIDEO, str(7000 + n)) for n in range(count)),
    )
    ActivityDay.objects.bulk_create(
        ActivityDay(account=account, facet=facet, day=day, market="GB", key=key, **ones)
        for facet, key in facets
    )
    files = ImportFile.objects.bulk_create(
        ImportFile(account=account, sha256=str(n), name=f"file {n}", format="studio_overview", row_count=1,
                   last_day=day) for n in range(count)
    )  # fmt: skip
    told = {"account": account, "import_file": files[0], "source": "studio", "values": {"views": "5"}}
    VideoMetric.objects.bulk_create(
        VideoMetric(video_ref=str(7000 + n), first_day=day, last_day=day, title=f"video {n}", **told)
        for n in range(count)
    )
    make_platform(account, count)
    # One video stands out, so that what changed names it however many there are.
    ActivityDay.objects.filter(key="7000").update(views=1_000_000)
    AlertRule.objects.bulk_create(
        AlertRule(account=account, name=f"rule {n}", metric="views", kind="below", threshold=1)
        for n in range(count)
    )
    AuditEntry.objects.bulk_create(
        AuditEntry(team=account.team, actor_name="alice", kind="test") for _ in range(count)
    )


def make_platform(account: Account, count: int) -> None:
    """The same videos as the engine knows them: published lately, with a stage and a limit each."""
    about = {"duration_seconds": 9, "published_at": timezone.now() - timedelta(days=2)}
    creator, _ = Creator.objects.get_or_create(pk=11, defaults={"handle": "c11", "market": "GB"})
    Video.objects.bulk_create(Video(id=7000 + n, creator=creator, **about) for n in range(count))
    VideoStage.objects.bulk_create(
        VideoStage(video_id=7000 + n, market="GB", state="passed", pool=1, shown_count=61, good_count=9)
        for n in range(count)
    )
    shares = dict.fromkeys(("met_share", "usual_found_share", "usual_shown_share"), 0.5)
    VideoLimit.objects.bulk_create(
        VideoLimit(account=account, video_ref=str(7000 + n), market="GB", stage="recall", viewer_count=40,
                   **shares) for n in range(count)
    )  # fmt: skip


def count_queries(client: Client) -> dict[str, int]:
    """Queries of each page, asked a second time so that caches of the process are warm."""
    found = {}
    for path in PAGES:
        read(client, path)
        with CaptureQueriesContext(connection) as queries:
            read(client, path)
        found[path] = len(queries)
    return found


def read(client: Client, path: str) -> None:
    answer: Any = client.get(path)
    assert answer.status_code == 200, path
    assert answer.getvalue()


def test_a_page_asks_as_often_at_a_thousand_rows_as_at_ten(client: Client) -> None:
    alice = make_user("alice")
    account = make_account(alice, "lip.studio", creator_id=11)
    client.force_login(alice)
    fill(account, 10)
    few = count_queries(client)
    for table in (ActivityDay, VideoMetric, ImportFile, AlertRule, AuditEntry, VideoLimit, Video):
        table.objects.all().delete()
    fill(account, 1000)
    many = count_queries(client)
    assert many == few
    assert {path: number for path, number in few.items() if number > MOST} == {}
    if os.environ.get("TTOK_WRITE_COUNTS"):
        RECORD.write_text(json.dumps(few, indent=1) + "\n")
    assert json.loads(RECORD.read_text()) == few
