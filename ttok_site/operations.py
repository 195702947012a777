"""Two pages of the operators' side that are about no table: the installation's health, and its markets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from kombu import Connection

from merchants.models import ReportDelivery, ReportSchedule, WebhookDelivery
from recommender import engine
from recommender.markets import LANGUAGE_SOURCE, MARKETS
from recommender.models import TrainingRun
from ttok_site.celery import app

#: A server that takes longer does not answer.
ANSWER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that was looked at, and whether it is as it should be."""

    name: str
    is_good: bool
    text: str


def read_health() -> list[Sign]:
    """Servers, workers, queues, and what waits; each looked at by itself."""
    looks: list[tuple[str, Callable[[], str]]] = [
        ("PostgreSQL", _look_at_database),
        ("Cache", _look_at_cache),
        ("Broker and queues", _look_at_queues),
        ("Workers", _look_at_workers),
        ("Events waiting for the hourly counts", lambda: f"{engine.read_account().pending_batches} batches"),
        ("Training runs", _count_runs),
        ("Webhooks", _count_webhooks),
        ("Reports", _count_reports),
    ]
    return [_look(name, look) for name, look in looks]


def _look(name: str, look: Callable[[], str]) -> Sign:
    try:
        return Sign(name, True, look())
    except Exception as error:  # whatever is broken is what this page is for
        return Sign(name, False, f"{type(error).__name__}: {error}"[:300])


def _look_at_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), pg_size_pretty(pg_database_size(current_database()))"
        )
        version, size = cursor.fetchone()
    return f"version {version}, {size}"


def _look_at_cache() -> str:
    cache.set("health", "yes", 5)
    if cache.get("health") != "yes":
        raise OSError("does not answer; pages work without it, only slower")
    return "answers"


def _look_at_queues() -> str:
    with Connection(settings.CELERY_BROKER_URL, connect_timeout=ANSWER_SECONDS) as broker:
        lengths = {queue.name: _measure_queue(broker, queue.name) for queue in app.conf.task_queues}
    return ", ".join(f"{name}: {length} waiting" for name, length in lengths.items())


def _measure_queue(broker: Any, name: str) -> int:
    return int(broker.default_channel.queue_declare(queue=name, passive=False, durable=True).message_count)


def _look_at_workers() -> str:
    found = app.control.ping(timeout=ANSWER_SECONDS)
    if not found:
        raise OSError("no worker answers; long work waits until one is started")
    return ", ".join(name for answer in found for name in answer)


def _count_runs() -> str:
    states = TrainingRun.objects.order_by("-pk").values_list("state", flat=True)[:50]
    return ", ".join(f"{state}: {list(states).count(state)}" for state in sorted(set(states))) or "none yet"


def _count_webhooks() -> str:
    late = WebhookDelivery.objects.filter(next_at__lt=timezone.now()).count()
    given_up = WebhookDelivery.objects.filter(next_at=None, delivered_at=None).count()
    return f"{late} due, {given_up} given up"


def _count_reports() -> str:
    due = ReportSchedule.objects.filter(next_at__lt=timezone.now(), is_paused=False).count()
    return f"{due} due, {ReportDelivery.objects.exclude(retry_at=None).count()} to be tried again"


def _show(request: HttpRequest, template: str, title: str, **facts: Any) -> HttpResponse:
    if not request.user.has_perm("recommender.view_eventbatch"):
        raise PermissionDenied("this needs the permission to view event batches")
    return render(request, template, {**admin.site.each_context(request), "title": title, **facts})


def health(request: HttpRequest) -> HttpResponse:
    """Is everything running, and what waits?"""
    return _show(request, "admin/health.html", "Health", signs=read_health())


def markets(request: HttpRequest) -> HttpResponse:
    """The eight cart countries: every fact with its date, source and status."""
    return _show(
        request, "admin/markets.html", "Markets", markets=MARKETS.values(), language_source=LANGUAGE_SOURCE
    )
