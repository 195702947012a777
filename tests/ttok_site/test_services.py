"""The embedded servers live exactly as long as somebody uses them."""

import os
import pwd
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from tests.ttok_site.waiting import wait_until
from ttok_site import processes, services
from ttok_site.places import BASE_DIR, Account
from ttok_site.servers import ServerError

pytestmark = pytest.mark.processes

StartUser = Callable[[], subprocess.Popen[str]]

USER = """
import sys, time
from pathlib import Path
from ttok_site import services
with services.running(Path(sys.argv[1]), durable=False):
    print("up", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def embedded_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are about our own servers, whatever the rest of the run uses."""
    for name in services.REPLACED_BY.values():
        monkeypatch.delenv(name, raising=False)


def read_living(var_dir: Path) -> list[processes.Record]:
    """The servers that run on this state folder."""
    return processes.read_living(var_dir / "run", services.SERVER_NAMES)


def list_living(var_dir: Path) -> list[str]:
    """Their names."""
    return [record.name for record in read_living(var_dir)]


@pytest.fixture
def start_user(var_dir: Path) -> Iterator[StartUser]:
    """Start processes that use the servers of `var_dir` until their input ends."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(USER), str(var_dir)],
            cwd=BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
    assert wait_until(lambda: list_living(var_dir) == [])


def test_the_servers_run_inside_the_block_and_not_after_it(var_dir: Path) -> None:
    with services.running(var_dir):
        with psycopg.connect(services.embedded_database_url(var_dir)) as connection:
            row = connection.execute(
                "SELECT current_setting('fsync'), current_setting('synchronous_commit'), "
                "current_setting('data_checksums'), current_setting('listen_addresses'), 'Ä' < 'B'"
            ).fetchone()
        assert row == ("on", "on", "on", "", False)
        with redis.Redis(unix_socket_path=str(var_dir / "sockets" / "broker.sock")) as broker:
            assert broker.info("memory")["maxmemory_policy"] == "noeviction"
        with redis.Redis.from_url(services.embedded_cache_url(var_dir)) as cache:
            memory = cache.info("memory")
        assert (memory["maxmemory_policy"], memory["maxmemory"]) == ("allkeys-lru", 128 * 1024 * 1024)
    assert list_living(var_dir) == []


def test_data_and_queued_work_survive_a_restart(var_dir: Path) -> None:
    with services.running(var_dir):
        with psycopg.connect(services.embedded_database_url(var_dir)) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            connection.execute("INSERT INTO kept VALUES (7)")
        with redis.Redis(unix_socket_path=str(var_dir / "sockets" / "broker.sock")) as broker:
            broker.lpush("queue", "work")
    with services.running(var_dir):
        with psycopg.connect(services.embedded_database_url(var_dir)) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (7,)
        with redis.Redis(unix_socket_path=str(var_dir / "sockets" / "broker.sock")) as broker:
            assert broker.lrange("queue", 0, -1) == [b"work"]


def test_the_last_one_out_stops_the_servers(var_dir: Path, start_user: StartUser) -> None:
    first, second = start_user(), start_user()
    pids = {record.pid for record in read_living(var_dir)}
    assert len(pids) == 3
    first.communicate("\n", timeout=20)
    assert {record.pid for record in read_living(var_dir)} == pids
    second.communicate("\n", timeout=20)
    assert wait_until(lambda: list_living(var_dir) == [])


def test_a_killed_user_leaves_no_server_behind(var_dir: Path, start_user: StartUser) -> None:
    user = start_user()
    user.kill()
    assert wait_until(lambda: list_living(var_dir) == [])


def test_a_killed_starter_does_not_take_the_servers_from_another_user(
    var_dir: Path, start_user: StartUser
) -> None:
    starter, other = start_user(), start_user()
    starter.kill()
    starter.wait()
    time.sleep(1.0)
    assert set(list_living(var_dir)) == set(services.SERVER_NAMES)
    other.communicate("\n", timeout=20)
    assert wait_until(lambda: list_living(var_dir) == [])


def test_whoever_reads_a_command_is_not_kept_waiting_by_what_it_leaves_behind(
    var_dir: Path, start_user: StartUser
) -> None:
    start_user()
    passing = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(USER), str(var_dir)],
        cwd=BASE_DIR, input="\n", capture_output=True, text=True, timeout=20, check=True,
    )  # fmt: skip
    assert passing.stdout == "up\n"
    assert set(list_living(var_dir)) == set(services.SERVER_NAMES)


def test_a_server_whose_record_is_lost_is_found_and_not_started_twice(var_dir: Path) -> None:
    with services.running(var_dir, durable=False):
        before = {record.name: record.pid for record in read_living(var_dir)}
        for name in services.SERVER_NAMES:
            (var_dir / "run" / f"{name}.json").unlink()
        services.start_missing(var_dir, durable=False)
        after = {record.name: record.pid for record in read_living(var_dir)}
    assert after == before
    assert not any(
        psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in before.values()
    )


def test_a_postgres_that_was_killed_comes_back_with_what_it_acknowledged(var_dir: Path) -> None:
    with services.running(var_dir):
        with psycopg.connect(services.embedded_database_url(var_dir)) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            connection.execute("INSERT INTO kept SELECT generate_series(1, 13)")
        (record,) = processes.read_living(var_dir / "run", ["postgres"])
        os.kill(record.pid, signal.SIGKILL)
        assert wait_until(lambda: not processes.is_alive(record))
        services.start_missing(var_dir)
        with psycopg.connect(services.embedded_database_url(var_dir)) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (13,)


def test_data_of_another_postgres_version_is_refused_with_the_way_out(var_dir: Path) -> None:
    with services.running(var_dir, durable=False):
        pass
    (var_dir / "postgres" / "PG_VERSION").write_text("15\n")
    with (
        pytest.raises(ServerError, match="was made by PostgreSQL 15, the installed one is 18; dump it"),
        services.running(var_dir, durable=False),
    ):
        raise AssertionError("must not start")
    assert list_living(var_dir) == []


def test_a_server_named_in_the_environment_is_not_started(
    var_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/db")
    with services.running(var_dir):
        assert sorted(list_living(var_dir)) == ["broker", "cache"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become an ordinary user")
def test_an_ordinary_user_runs_the_servers_as_themselves(var_dir: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    account = Account(nobody.pw_uid, nobody.pw_gid, "nobody")
    if not all(account.can_enter(Path(path).resolve().parent) for path in (sys.executable, BASE_DIR / "x")):
        pytest.skip("this Python or this clone lies in a folder that an ordinary user cannot enter")
    os.chown(var_dir, nobody.pw_uid, nobody.pw_gid)
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(USER), str(var_dir)],
        cwd=BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[],
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        owners = {psutil.Process(record.pid).uids().real for record in read_living(var_dir)}
        process.communicate("\n", timeout=20)
    assert owners == {nobody.pw_uid}
    assert wait_until(lambda: list_living(var_dir) == [])


@pytest.mark.parametrize(
    "argv",
    [
        ["manage.py"],
        ["manage.py", "evaluate", "kuairand"],
        ["manage.py", "benchmark", "reach"],
        ["manage.py", "migrate", "--help"],
    ],
)
def test_a_command_that_needs_no_server_starts_none(
    argv: list[str], var_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTOK_VAR_DIR", str(var_dir))
    with services.running_for(argv):
        assert list_living(var_dir) == []
