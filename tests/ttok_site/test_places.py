"""Every address is a function of the state folder; nothing lies where a server's account cannot go."""

import os
import stat
from pathlib import Path

import pytest

from ttok_site import places, services


def test_two_state_folders_have_different_addresses(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for address in (
        services.embedded_database_url,
        services.embedded_broker_url,
        services.embedded_cache_url,
    ):
        assert address(first) != address(second)
        assert address(first) == address(first)


def test_a_long_path_moves_the_sockets_to_a_short_folder(var_dir: Path) -> None:
    deep = var_dir / ("long-" * 20)
    socket_dir = places.find_places(deep).socket_dir
    assert len(os.fsencode(socket_dir / ".s.PGSQL.5432")) <= places.SOCKET_PATH_LIMIT
    assert socket_dir.name == f"ttok-{places.read_installation_id(deep)}"


def test_a_folder_made_anew_at_the_same_path_is_another_installation(tmp_path: Path) -> None:
    before = places.read_installation_id(tmp_path / "var")
    assert places.read_installation_id(tmp_path / "var") == before
    (tmp_path / "var" / "installation_id").unlink()
    assert places.read_installation_id(tmp_path / "var") != before


def test_a_link_in_place_of_our_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(places.PlaceError, match="belongs to user id"):
        places.make_owned_dir(tmp_path / "link", None, 0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes accounts")
def test_root_moves_the_servers_out_of_a_closed_folder_and_leaves_its_permissions(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    found = places.find_places(closed / "var")
    assert found.is_sheltered
    assert found.account is not None
    assert found.account.uid != 0
    assert not found.account.can_enter(closed)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes accounts")
def test_root_keeps_everything_below_an_open_folder(var_dir: Path) -> None:
    found = places.find_places(var_dir)
    assert not found.is_sheltered
    assert found.socket_dir == var_dir / "sockets"
