"""The OpenAPI text of the activity stream, made from the very types that decode it: it cannot disagree."""

from typing import Any

import msgspec

from recommender.events import limits
from recommender.events.clock import to_datetime
from recommender.events.ingest import BatchVerdict
from recommender.events.schema import EventIn, Moment


class EventBatchIn(msgspec.Struct, forbid_unknown_fields=True):
    """A batch: `sent_at` is the sender's clock at this attempt and corrects the times of its events."""

    events: list[EventIn]
    sent_at: Moment | None = None


def _inline(kind: Any) -> dict[str, Any]:
    """JSON schema of a type without references, as OpenAPI wants it inline."""
    schema, definitions = msgspec.json.schema_components([kind], ref_template="{name}")
    return _resolve(schema[0], definitions)


def _resolve(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, dict):
        if "$ref" in node:
            return _resolve(definitions[node["$ref"]], definitions)
        return {key: _resolve(value, definitions) for key, value in node.items()}
    if isinstance(node, list):
        return [_resolve(value, definitions) for value in node]
    return node


BATCH_SCHEMA = _inline(EventBatchIn)
BATCH_SCHEMA["properties"]["events"].update(minItems=1, maxItems=limits.MAX_BATCH_EVENTS)
VERDICT_SCHEMA = _inline(BatchVerdict)

_NOW = to_datetime(1_700_000_000_000_000).isoformat()
EXAMPLE = {
    "sent_at": _NOW,
    "events": [
        {
            "event_id": "018bcfe5-6800-7000-8000-000000000001",
            "kind": "watch",
            "viewer_id": 1,
            "video_id": 1,
            "happened_at": _NOW,
            "watch_seconds": 12.5,
            "source": "for_you",
            "market": "US",
            "device": {"os": "android", "locale": "en-US"},
        },
        {
            "event_id": "018bcfe5-6800-7000-8000-000000000002",
            "kind": "like",
            "viewer_id": 1,
            "video_id": 1,
            "happened_at": _NOW,
        },
    ],
}
