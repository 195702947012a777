"""A real worker takes work off whatever broker this run uses: the embedded one, Redis or RabbitMQ."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.ttok_site.waiting import wait_until
from ttok_site.celery import app
from ttok_site.places import BASE_DIR

pytestmark = [pytest.mark.integration, pytest.mark.broker, pytest.mark.usefixtures("servers")]

#: A task that every Celery app brings along.
TASK = "celery.accumulate"
WORKER = [sys.executable, "-m", "celery", "-A", "ttok_site", "worker", "--pool", "solo"]


@pytest.fixture
def queue() -> Iterator[str]:
    """A queue of this test alone, removed after it."""
    name = f"ttok-test-{secrets.token_hex(4)}"
    yield name
    with app.connection_for_write() as connection, connection.channel() as channel:
        channel.queue_delete(name)


@pytest.fixture
def worker(queue: str) -> Iterator[str]:
    """The node name of a worker that listens on the queue of this test alone."""
    node = f"{queue}@localhost"
    process = subprocess.Popen(
        [*WORKER, "-Q", queue, "-n", node, "--without-gossip", "--without-mingle"],
        cwd=BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        start_new_session=True,
    )
    try:
        assert wait_until(lambda: bool(app.control.ping(destination=[node], timeout=1)), seconds=40)
        yield node
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def count_done(node: str) -> int:
    """How many of our tasks the worker says that it has taken."""
    stats = app.control.inspect(destination=[node], timeout=2).stats() or {}
    return int(stats.get(node, {}).get("total", {}).get(TASK, 0))


def test_work_sent_before_a_worker_listens_is_done(queue: str, request: pytest.FixtureRequest) -> None:
    for number in range(3):
        app.send_task(TASK, args=(number,), queue=queue)
    node = request.getfixturevalue("worker")
    assert wait_until(lambda: count_done(node) == 3, seconds=20)
    app.send_task(TASK, args=(3,), queue=queue)
    assert wait_until(lambda: count_done(node) == 4, seconds=20)


def test_a_worker_refuses_a_broker_that_evicts() -> None:
    from ttok_site import services

    if services.list_embedded() != list(services.SERVER_NAMES):
        pytest.skip("the embedded cache, which evicts, is not part of this run")
    evicting = services.embedded_broker_url().replace("broker.sock", "cache.sock")
    done = subprocess.run(
        WORKER,
        cwd=BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "CELERY_BROKER_URL": evicting},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    assert "maxmemory-policy is 'allkeys-lru'" in done.stdout + done.stderr
