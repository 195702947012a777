"""The bytes of a request: two size limits, gzip, and what is a batch at all."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.events import limits
from recommender.events.body import BodyRefused, inflate, read_batch


def refuse_body(body: bytes) -> BodyRefused:
    with pytest.raises(BodyRefused) as caught:
        read_batch(body)
    return caught.value


def pack(content: Any) -> bytes:
    return json.dumps(content).encode()


def test_a_gzip_body_is_the_same_batch() -> None:
    body = pack({"events": [{"a": 1}, {"b": 2}]})
    assert inflate(gzip.compress(body), "gzip") == inflate(body, "") == body


def test_a_bomb_is_refused_without_being_inflated_whole() -> None:
    bomb = gzip.compress(b"0" * (200 * 1024 * 1024), compresslevel=1)
    assert len(bomb) < limits.MAX_BODY_BYTES
    with pytest.raises(BodyRefused) as caught:
        inflate(bomb, "gzip")
    assert caught.value.status == 413


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"x" * (limits.MAX_BODY_BYTES + 1), "", 413),
        (b"not gzip", "gzip", 400),
        (gzip.compress(b"{}" * 1000, mtime=0)[:-9], "gzip", 400),
        (gzip.compress(b"{}", mtime=0) * 2, "gzip", 400),
        (b"{}", "br", 415),
    ],
)
def test_a_body_that_cannot_be_unpacked_is_refused(body: bytes, encoding: str, status: int) -> None:
    with pytest.raises(BodyRefused) as caught:
        inflate(body, encoding)
    assert caught.value.status == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"null",
        pack({"events": {}}),
        pack({"events": []}),
        pack({"events": [1], "extra": 1}),
        pack({"events": [1], "sent_at": "yesterday"}),
        pack({"events": [1], "sent_at": 10**40}),
        b'{"events": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
        b'{"events": [' + b"1" * 5_000 + b", NaN]}x",
    ],
)
def test_what_is_no_batch_is_refused_whole(body: bytes) -> None:
    refusal = refuse_body(body)
    assert refusal.status == 400
    assert refusal.detail


def test_a_thousand_events_pass_and_one_more_does_not() -> None:
    assert len(read_batch(pack({"events": [0] * 1_000})).events) == 1_000
    refusal = refuse_body(pack({"events": [0] * 1_001}))
    assert refusal.status == 413
    assert "1001" in refusal.detail and "1000" in refusal.detail


def test_a_batch_with_nan_is_still_read_event_by_event() -> None:
    batch = read_batch(b'{"events": [{"a": 1}, {"a": NaN}, {"a": "\\ud800"}], "sent_at": 1700000000000}')
    assert [json.loads(event)["a"] for event in batch.events] == [1, "NaN", "?"]
    assert batch.sent == 1_700_000_000_000_000


@given(st.binary(max_size=300))
def test_whatever_bytes_come_they_are_refused_in_words(body: bytes) -> None:
    assert refuse_body(body).status == 400
