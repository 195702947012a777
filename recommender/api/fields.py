"""Fields that several requests share."""

from typing import Any

from rest_framework import serializers

from recommender.markets import MARKET_CODES

#: Ids are the platform's own: positive 64-bit integers.
BIG_INT: dict[str, Any] = {"min_value": 0, "max_value": 2**63 - 1}


class MarketField(serializers.ChoiceField):
    """One of the eight cart countries."""

    default_error_messages = {
        "invalid_choice": "market '{input}' has no shopping cart; choose one of " + ", ".join(MARKET_CODES)
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=MARKET_CODES, **kwargs)


class DeviceSerializer(serializers.Serializer[Any]):
    """What the app says of the phone."""

    os = serializers.CharField(max_length=20, required=False, help_text="android, ios or web")
    model = serializers.CharField(max_length=64, required=False)
    app_version = serializers.CharField(max_length=32, required=False)
    network = serializers.CharField(max_length=20, required=False, help_text="wifi, 5g, 4g or 3g")
    locale = serializers.CharField(max_length=32, required=False)
    time_zone = serializers.CharField(max_length=64, required=False)
    app_categories = serializers.ListField(
        child=serializers.CharField(max_length=32), max_length=50, required=False, help_text="installed apps"
    )
