"""A taken port is passed over; two stacks never share one."""

import socket

import pytest

from ttok_site import ports


def find_quiet_port() -> int:
    """A port with free neighbours, well away from the ephemeral range."""
    for port in range(20_000, 30_000, 7):
        try:
            holders = [ports.hold_free_port(number) for number in range(port, port + 3)]
        except ports.PortError:
            continue
        for _, holder in holders:
            holder.close()
        if [number for number, _ in holders] == [port, port + 1, port + 2]:
            return port
    raise AssertionError("no three free ports in a row")


def test_a_taken_port_moves_to_the_next_free_one() -> None:
    wanted = find_quiet_port()
    with socket.create_server((ports.HOST, wanted)):
        port, holder = ports.hold_free_port(wanted)
        holder.close()
    assert port == wanted + 1


def test_a_held_port_is_refused_to_a_second_holder_before_anything_listens() -> None:
    first, holder = ports.hold_free_port(find_quiet_port())
    with holder:
        second, other = ports.hold_free_port(first)
        other.close()
    assert second == first + 1


def test_the_holder_lets_a_server_that_shares_ports_bind_beside_it() -> None:
    port, holder = ports.hold_free_port(find_quiet_port())
    with holder, socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind((ports.HOST, port))
        server.listen()
        with socket.create_connection((ports.HOST, port), timeout=2):
            server.accept()[0].close()


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "80 "])
def test_a_port_that_is_none_is_refused_with_its_value(text: str) -> None:
    with pytest.raises(ports.PortError, match="is not a port; choose a number from 1024 to 65535"):
        ports.read_wanted_port(text)
