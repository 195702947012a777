"""compose.yaml describes the same product as `make run`."""

import re
from typing import Any

import pytest
import yaml

from ttok_site import services, settings
from ttok_site.places import BASE_DIR
from ttok_site.servers import BROKER_SETTINGS, CACHE_SETTINGS


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The parsed file."""
    return dict(yaml.safe_load((BASE_DIR / "compose.yaml").read_text()))


def read_options(command: list[str]) -> dict[str, str]:
    """`--name value` pairs of a command line."""
    return {name.removeprefix("--"): value for name, value in zip(command[1::2], command[2::2], strict=True)}


def test_every_variable_it_sets_is_one_that_the_settings_document(compose: dict[str, Any]) -> None:
    documented = set(re.findall(r"^\| `(\w+)` \|", settings.__doc__ or "", flags=re.MULTILINE))
    ours = {
        name for name in compose["x-app"]["environment"] if name.startswith("TTOK_") or name.endswith("_URL")
    }
    assert ours - documented == set()
    assert set(services.REPLACED_BY.values()) <= ours


def test_its_broker_and_cache_keep_and_forget_what_the_embedded_ones_do(compose: dict[str, Any]) -> None:
    broker = read_options(compose["services"]["broker"]["command"])
    cache = read_options(compose["services"]["cache"]["command"])
    assert broker == {name: BROKER_SETTINGS[name] for name in ("appendonly", "maxmemory-policy")}
    assert cache == {"save": "", **{name: CACHE_SETTINGS[name] for name in ("maxmemory", "maxmemory-policy")}}


def test_it_publishes_on_loopback_alone(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:${PORT:-8000}:8000"]


def test_everything_waits_for_the_preparation(compose: dict[str, Any]) -> None:
    for name in ("web", "worker", "beat"):
        assert compose["services"][name]["depends_on"] == {
            "prepare": {"condition": "service_completed_successfully"}
        }
