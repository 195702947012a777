"""A kept connection is asked for its health without a round trip, and a dead one is replaced."""

import time

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext


def count_backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_healthy_connection_is_usable_without_a_query() -> None:
    pid = count_backend()
    with CaptureQueriesContext(connection) as queries:
        assert connection.is_usable()
    assert len(queries) == 0
    assert count_backend() == pid


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_closed_is_not_usable_and_is_replaced() -> None:
    pid = count_backend()
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("select pg_terminate_backend(%s)", [pid])
    finally:
        other.close()
    deadline = time.monotonic() + 5
    while connection.is_usable():
        assert time.monotonic() < deadline, "the closed connection still counts as usable"
        time.sleep(0.01)
    connection.health_check_enabled = True
    connection.health_check_done = False
    connection.close_if_health_check_failed()
    assert count_backend() != pid


def test_no_connection_is_not_usable() -> None:
    assert not connections.create_connection("default").is_usable()
