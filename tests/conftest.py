"""What every test may ask for: servers of this run alone, and fresh state folders.

Tests that touch the database or a broker are the integration part: `make test` runs them a second time
against the servers that it finds on this machine (see tests/checks/found_servers.py).
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from ttok_site import services

# Seeds are fixed everywhere, and a busy machine must not fail a test.
hypothesis_settings.register_profile(
    "fixed",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
hypothesis_settings.load_profile("fixed")

_DATABASE_FIXTURES = {"db", "transactional_db", "django_db_serialized_rollback", "live_server", "servers"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test that uses a server is part of the integration run."""
    for item in items:
        uses_server = _DATABASE_FIXTURES & set(getattr(item, "fixturenames", ()))
        if uses_server or item.get_closest_marker("django_db"):
            item.add_marker("integration")


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """PostgreSQL and Valkey of this run, without the durability that throw-away data does not need."""
    with services.running(durable=False):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(servers: None, django_db_modify_db_settings_parallel_suffix: None) -> None:
    """pytest-django asks for this before it makes the test database: the server must run by then.

    Each of two workers has a database of its own name: a server that was found is one for both.
    """


@pytest.fixture(autouse=True)
def empty_event_tables(request: pytest.FixtureRequest) -> Iterator[None]:
    """After a test that commits: Django's flush leaves alone what Django does not manage."""
    marker = request.node.get_closest_marker("django_db")
    commits = "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction"))
    if commits:
        request.getfixturevalue("transactional_db")
    yield
    if commits:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE recommender_event, recommender_eventledger")


@pytest.fixture
def var_dir() -> Iterator[Path]:
    """A state folder of its own, in a place that the servers' account can enter."""
    folder = Path(tempfile.mkdtemp(prefix="ttok-var-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The real data sets; a test that asks for them is skipped by name where they are absent."""
    folder = os.environ.get("TTOK_DATA_DIR")
    if not folder or not Path(folder).is_dir():
        pytest.skip("TTOK_DATA_DIR is not set: the real data sets are not here")
    return Path(folder)


def pytest_sessionfinish() -> None:
    """Remove this run's state folder."""
    shutil.rmtree(os.environ["TTOK_TEST_RUN_DIR"], ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which servers the tests ran against."""
    found = [
        f"{name}: {describe_address(os.environ.get(variable))}"
        for name, variable in (
            ("PostgreSQL", "DATABASE_URL"),
            ("broker", "CELERY_BROKER_URL"),
            ("cache", "CACHE_URL"),
        )
    ]
    terminalreporter.write_line("servers: " + ", ".join(found))


def describe_address(url: str | None) -> str:
    """The address without its password, or 'embedded'."""
    if not url:
        return "embedded"
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
