"""How often a token may call: a fixed window of a minute, counted in the cache for all processes together.

A process hands its count in a thousandth of the allowance at a time, so that most calls wait for no cache;
the allowance can be overrun by that much per process. Without the cache nobody is throttled: an absent
counter must not close the service.
"""

import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from recommender.api.authentication import find_caller

WINDOW_SECONDS = 60
_STEPS = 1000


class TokenThrottle(BaseThrottle):
    """`settings.API_REQUESTS_PER_MINUTE` by the view's `throttle_group` (read, write or control)."""

    #: (token, group) -> [window, calls handed in by all processes, own calls not handed in yet]
    _counts: dict[tuple[int, str], list[int]] = {}

    def allow_request(self, request: Request, view: Any) -> bool:
        """True while the token is within its minute's allowance."""
        caller = find_caller(request)
        if caller is None:
            return True
        group = getattr(view, "throttle_group", "read" if request.method == "GET" else "write")
        allowed = settings.API_REQUESTS_PER_MINUTE[group]
        window = int(time.time()) // WINDOW_SECONDS
        count = self._counts.setdefault((caller.id, group), [window, 0, 0])
        if count[0] != window:
            count[:] = [window, 0, 0]
        count[2] += 1
        if count[2] >= max(1, allowed // _STEPS):
            count[1] = hand_in(f"throttle:{caller.id}:{group}:{window}", count[2])
            count[2] = 0
        return bool(count[1] + count[2] <= allowed)

    def wait(self) -> float:
        """Seconds until the window ends."""
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS


def hand_in(key: str, calls: int) -> int:
    """Add calls to the common count of a window; the count of all processes."""
    if cache.add(key, calls, timeout=2 * WINDOW_SECONDS):
        return calls
    return int(cache.incr(key, calls))
