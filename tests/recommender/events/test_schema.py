"""What an event may say: every field is typed and limited, and a refusal names the field."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.events.schema import KINDS, EventIn, Refusal, decode_event

EVENT: dict[str, Any] = {
    "event_id": "018bcfe5-6800-7000-8000-000000000001",
    "kind": "watch",
    "viewer_id": 7,
    "video_id": 3,
    "happened_at": "2026-11-20T12:00:00+08:00",
    "watch_seconds": 4.5,
}
ORDER = {"value": 12.5, "currency": "GBP"}
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


def refuse(**changes: Any) -> Refusal:
    """The refusal of the sample event with some fields changed; None takes a field out."""
    event = {name: value for name, value in {**EVENT, **changes}.items() if value is not None}
    with pytest.raises(Refusal) as caught:
        decode_event(json.dumps(event).encode())
    return caught.value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event_id", "not-an-id"),
        ("event_id", None),
        ("kind", "wach"),
        ("viewer_id", -1),
        ("viewer_id", 2**63),
        ("viewer_id", "7"),
        ("viewer_id", 1.5),
        ("video_id", 10**30),
        ("happened_at", "2026-11-20T12:00:00"),
        ("happened_at", "2026-02-30T12:00:00Z"),
        ("happened_at", None),
        ("watch_seconds", -0.1),
        ("watch_seconds", 86_400.1),
        ("watch_seconds", float("inf")),
        ("watch_seconds", None),
        ("loops", -1),
        ("position", 10_001),
        ("session_id", "12"),
        ("source", "for you"),
        ("query", "x" * 101),
        ("query", ""),
    ],
)
def test_a_bad_field_is_refused_by_its_name(field: str, value: Any) -> None:
    refusal = refuse(**{field: value})
    if value == float("inf"):  # not JSON at all: the reader names the event, not the field
        assert "cannot be read" in refusal.reason
        return
    assert refusal.field == field
    assert field in refusal.reason


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"watch_second": 3}, "watch_second"),
        ({"device": {"os": "ios", "colour": "red"}}, "device.colour"),
        ({"device": {"app_categories": ["games"] * 51}}, "device.app_categories"),
        ({"device": {"locale": "x" * 65}}, "device.locale"),
        ({"kind": "order", "order": {**ORDER, "currency": "gbp"}}, "order.currency"),
        ({"kind": "order", "order": {**ORDER, "quantity": 0}}, "order.quantity"),
        ({"kind": "order"}, "order"),
        ({"kind": "search"}, "query"),
        ({"kind": "like", "video_id": None}, "video_id"),
        ({"kind": "follow", "video_id": None}, "creator_id"),
    ],
)
def test_a_refusal_names_inner_unknown_and_missing_fields(changes: dict[str, Any], field: str) -> None:
    assert refuse(**changes).field == field


def test_a_refusal_tells_value_limit_and_next_step() -> None:
    reason = refuse(watch_seconds=-3).reason
    assert "watch_seconds -3" in reason
    assert ">= 0" in reason
    assert "send the event again" in reason


def test_a_number_too_large_for_a_float_is_refused() -> None:
    raw = json.dumps(EVENT).replace("4.5", "1e999").encode()
    with pytest.raises(Refusal) as caught:
        decode_event(raw)
    assert caught.value.field == "watch_seconds"


def test_a_nul_character_is_refused_and_an_escaped_backslash_is_not() -> None:
    assert "U+0000" in refuse(kind="search", query="red\x00shoes").reason
    event = decode_event(json.dumps({**EVENT, "kind": "search", "query": "a\\u0000b"}).encode())
    assert event.query == "a\\u0000b"


def test_an_event_of_too_many_bytes_is_refused() -> None:
    assert "limit is 16384" in refuse(query="x" * 17_000).reason


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_said(kind: str) -> None:
    event = {**EVENT, "kind": kind, "query": "shoes", "order": ORDER}
    assert decode_event(json.dumps(event).encode()).kind == kind


def test_unix_milliseconds_and_rfc_3339_are_the_same_moment() -> None:
    from recommender.events.clock import to_microseconds

    text = decode_event(json.dumps(EVENT).encode())
    number = decode_event(json.dumps({**EVENT, "happened_at": 1_795_147_200_000}).encode())
    assert to_microseconds(text.happened_at) == to_microseconds(number.happened_at)


@given(st.dictionaries(st.sampled_from([*EVENT, "device", "order", "market", "extra"]), JSON))
def test_whatever_json_comes_it_is_an_event_or_a_refusal(changes: dict[str, Any]) -> None:
    raw = json.dumps({**EVENT, **changes}).encode()
    try:
        event = decode_event(raw)
    except Refusal as refusal:
        assert refusal.reason
    else:
        assert isinstance(event, EventIn)


@given(st.binary(max_size=200))
def test_whatever_bytes_come_it_is_a_refusal(raw: bytes) -> None:
    with pytest.raises(Refusal):
        decode_event(raw)
