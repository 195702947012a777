"""A card of a page loads by itself: its own request, its own time limit, its own four states.

The page holds `includes/_card.html` with the address of the card's view; that shows the loading state. The
view, marked `@card`, returns a `Body` (shown, stale where its figures are old), or an `Empty` (why, and the
next step). What it raises becomes the error state, with a number that stands in the log.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

logger = logging.getLogger(__name__)

#: A card's statement that takes longer is given up: it shows an error with a retry, not an endless wait.
STATEMENT_MILLISECONDS = 8_000


@dataclass(frozen=True, slots=True)
class Body:
    """A card with something in it."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    until: date | None = None  # the last day that its figures cover
    stale_days: int = 0  # older than this it says so; 0 = never


@dataclass(frozen=True, slots=True)
class Empty:
    """A card without anything to show: why, and where the next step is."""

    title: str
    text: str
    link: str = ""
    link_text: str = ""
    icon: str = "inbox"


CardView = Callable[..., Body | Empty]


def card(view: CardView) -> Callable[..., HttpResponse]:
    """Turn a function that returns a `Body` or `Empty` into the view of a card."""

    @login_required
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {STATEMENT_MILLISECONDS}")
                return _show(request, view(request, *args, **kwargs))
        except (Http404, PermissionDenied):
            raise
        except Exception as error:
            return _show_error(request, error)

    return wrapped


def _show(request: HttpRequest, content: Body | Empty) -> HttpResponse:
    if isinstance(content, Empty):
        return render(request, "includes/_empty.html", {"empty": content})
    age = (timezone.now().date() - content.until).days if content.until else 0
    stamp = {
        "until": content.until,
        "age": age,
        "is_stale": bool(content.stale_days and age > content.stale_days),
    }
    return render(
        request, "includes/_card_body.html", {**content.context, **stamp, "template": content.template}
    )


def _show_error(request: HttpRequest, error: Exception) -> HttpResponse:
    number = uuid.uuid4().hex[:8]
    logger.error("card %s failed, error %s", request.path, number, exc_info=error)
    is_slow = isinstance(error, OperationalError) and "timeout" in str(error)
    facts = {"number": number, "is_slow": is_slow, "url": request.get_full_path()}
    return render(request, "includes/_card_error.html", facts, status=504 if is_slow else 500)
