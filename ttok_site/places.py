"""Where this installation keeps its state, and which account its servers run as.

Everything lies under `var/`. Only where that cannot work does something move: PostgreSQL refuses to run as
root, and an unprivileged account cannot enter a clone below a closed folder such as /root. We never change
the permissions of a folder that we did not make.
"""

from __future__ import annotations

import os
import pwd
import secrets
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

#: Bytes that a unix socket's path may have (the kernel's limit is 107 on Linux, 103 on macOS).
SOCKET_PATH_LIMIT = 100
_LONGEST_SOCKET_NAME = ".s.PGSQL.5432"
_SHELTER_ROOT = Path("/var/tmp")
_SHORT_ROOT = Path("/tmp")


class PlaceError(RuntimeError):
    """A folder is not ours, or not usable; the text says which and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The operating-system account that the servers run as."""

    uid: int
    gid: int
    name: str

    def can_enter(self, folder: Path) -> bool:
        """True where this account may pass through `folder` and everything above it."""
        return all(self._may_search(step) for step in (folder, *folder.parents) if step.exists())

    def _may_search(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one installation. `state_dir` differs from `var_dir` only where root had to move it."""

    var_dir: Path
    state_dir: Path
    socket_dir: Path
    #: The account to switch to, or None where we already are an ordinary user.
    account: Account | None

    @property
    def run_dir(self) -> Path:
        """Records of running processes, and locks."""
        return self.var_dir / "run"

    @property
    def log_dir(self) -> Path:
        """One log file per process."""
        return self.var_dir / "log"

    @property
    def is_sheltered(self) -> bool:
        """True where the servers' data had to move out of `var_dir`."""
        return self.state_dir != self.var_dir


def read_var_dir() -> Path:
    """The folder named by TTOK_VAR_DIR, or `var/` beside manage.py."""
    return Path(os.environ.get("TTOK_VAR_DIR") or BASE_DIR / "var").resolve()


@lru_cache(maxsize=8)
def find_places(var_dir: Path) -> Places:
    """All folders of the installation whose state is in `var_dir`; makes none of them but `var_dir`."""
    account = _choose_account(var_dir) if os.geteuid() == 0 else None
    state_dir = var_dir
    if account is not None and not account.can_enter(_nearest_existing(var_dir)):
        state_dir = _SHELTER_ROOT / f"ttok-{read_installation_id(var_dir)}"
    socket_dir = state_dir / "sockets"
    if len(os.fsencode(socket_dir / _LONGEST_SOCKET_NAME)) > SOCKET_PATH_LIMIT:
        socket_dir = _SHORT_ROOT / f"ttok-{read_installation_id(var_dir)}"
    return Places(var_dir=var_dir, state_dir=state_dir, socket_dir=socket_dir, account=account)


def read_installation_id(var_dir: Path) -> str:
    """A random name of this installation, made once; a clone made anew at the same path has another one."""
    path = var_dir / "installation_id"
    var_dir.mkdir(parents=True, exist_ok=True)
    draft = var_dir / f".installation_id.{os.getpid()}"
    if not path.exists():
        draft.write_text(secrets.token_hex(6))
        try:
            os.link(draft, path)  # appears whole or not at all, also when two processes come first
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def make_owned_dir(folder: Path, account: Account | None, mode: int) -> Path:
    """Make `folder` for `account` (None = ourselves), or check that the one that exists is theirs.

    Raises
    ------
    PlaceError
        If the folder exists but is a link, or belongs to somebody else.
    """
    owner = account.uid if account else os.geteuid()
    try:
        folder.mkdir(mode=mode)
        folder.chmod(mode)
        if account:
            os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner:
            raise PlaceError(
                f"{folder} belongs to user id {status.st_uid}, not {owner}; run as the account that made it, "
                f"or set TTOK_VAR_DIR to a folder of your own"
            ) from None
    return folder


def make_dirs(places: Places) -> None:
    """Make the folders that processes need before the first one starts."""
    try:
        for folder in (places.var_dir, places.run_dir, places.log_dir):
            folder.mkdir(parents=True, exist_ok=True)
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(13, "not writable", str(folder))
        if places.is_sheltered:
            make_owned_dir(places.state_dir, None, 0o711)
        make_owned_dir(places.socket_dir, places.account, 0o700)
    except PermissionError as error:
        raise PlaceError(
            f"cannot write {error.filename}; give it to this account (chown), "
            f"or set TTOK_VAR_DIR to a folder of your own"
        ) from error


def _choose_account(var_dir: Path) -> Account:
    """Whom root becomes: the owner of existing data, else the clone's owner, else postgres, else nobody."""
    for folder in (var_dir / "postgres", BASE_DIR):
        if folder.exists() and (uid := folder.stat().st_uid) != 0:
            try:
                return _read_account(pwd.getpwuid(uid))
            except KeyError:
                continue  # a container's bind mount may belong to a number without a name
    for name in ("postgres", "nobody"):
        try:
            return _read_account(pwd.getpwnam(name))
        except KeyError:
            continue
    raise PlaceError("no account 'postgres' or 'nobody' to run PostgreSQL as; run as an ordinary user")


def _read_account(entry: pwd.struct_passwd) -> Account:
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, name=entry.pw_name)


def _nearest_existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder
