"""How often a key may call: a fixed window of a minute, counted in the cache for all processes together."""

import time

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from merchants.models import ApiKey

WINDOW_SECONDS = 60


class KeyThrottle(BaseThrottle):
    """`settings.MERCHANT_API_REQUESTS_PER_MINUTE` per key. Without the cache nobody is throttled."""

    def allow_request(self, request: Request, view: object) -> bool:
        """True while the key is within its minute's allowance."""
        if not isinstance(request.auth, ApiKey):
            return True
        name = f"merchant-key:{request.auth.pk}:{int(time.time()) // WINDOW_SECONDS}"
        if cache.add(name, 1, timeout=2 * WINDOW_SECONDS):
            return True
        return int(cache.incr(name)) <= settings.MERCHANT_API_REQUESTS_PER_MINUTE

    def wait(self) -> float:
        """Seconds until the window ends."""
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS
