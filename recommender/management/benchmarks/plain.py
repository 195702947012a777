"""What the benchmarks compare with: the same server and tables, and a day's work in Django alone.

Ingest is JSON in, `bulk_create`, JSON out: no token, no check, no ledger, no state, no account. Feed is the
newest videos of the viewer's language, alike for everybody: no state, no model, no log.
"""

import json
import os
from datetime import datetime
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ttok_site.settings")


@csrf_exempt
def store(request: HttpRequest) -> JsonResponse:
    """Store every event of the batch."""
    from recommender.events.schema import KIND_INDEX
    from recommender.models import Event

    events: list[dict[str, Any]] = json.loads(request.body)["events"]
    rows = [
        Event(
            event_id=event["event_id"],
            happened_at=datetime.fromisoformat(event["happened_at"]),
            batch_id=0,
            viewer_id=event["viewer_id"],
            video_id=event["video_id"],
            kind=KIND_INDEX[event["kind"]],
            actions=0,
            market=0,
            source=0,
            position=event["position"],
            watch_ms=round(event.get("watch_seconds", 0) * 1_000),
            details={"device": event["device"]},
        )
        for event in events
    ]
    Event.objects.bulk_create(rows)
    return JsonResponse({"stored": len(rows)})


def list_newest(request: HttpRequest) -> JsonResponse:
    """The newest videos in the viewer's language."""
    from recommender.models import Video, Viewer

    language = Viewer.objects.values_list("language", flat=True).get(pk=request.GET["viewer_id"])
    newest = Video.objects.filter(language=language, is_blocked=False).order_by("-published_at")
    rows = newest.values("id", "caption")[: int(request.GET["limit"])]
    return JsonResponse({"items": list(rows)})


urlpatterns = [path("plain", store), path("newest", list_newest)]


def make_application() -> Any:
    """Django's WSGI application with this module's one address."""
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application

    settings.ROOT_URLCONF = __name__
    return get_wsgi_application()
