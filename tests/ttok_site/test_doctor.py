"""The doctor says what is wrong, and what to do about it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from recommender.models import ModelVersion
from ttok_site import broker, doctor, services

pytestmark = pytest.mark.broker


def examine_one(check: doctor.Check) -> list[tuple[str, str]]:
    """(level, text) of every finding of one check."""
    return [(finding.level, finding.text) for finding in check()]


def test_a_package_of_another_version_is_named_with_both_versions() -> None:
    requirements = "Django==0.1  # old\npsutil[x]==7.2.2  # right\nno-such-package==1.0  # absent\n"
    first, second = doctor.find_wrong_packages(requirements)
    assert first.startswith("Django is 5.")
    assert first.endswith("requirements.txt wants 0.1")
    assert second == "no-such-package is not installed"


def test_a_check_that_cannot_look_is_a_problem_and_the_others_still_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> list[doctor.Finding]:
        raise OSError("no such\nserver")

    monkeypatch.setattr(doctor, "CHECKS", {"first": fail, "python": doctor.check_python})
    first, second = doctor.examine()
    assert first == doctor.Finding("first", "problem", "Could not check: OSError: no such server")
    assert second.level == "ok"


def test_a_full_disk_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "FULL_DISK_GB", 1e9)
    ((level, text),) = examine_one(doctor.check_disk)
    assert level == "problem"
    assert "so make room" in text


@pytest.mark.django_db
def test_the_database_of_the_tests_answers_and_its_lack_of_durability_is_named() -> None:
    found = examine_one(doctor.check_database)
    assert found[0][0] == "ok"
    assert "answers" in found[0][1]
    if "postgres" in services.list_embedded():
        assert ("problem", "fsync is off: a power cut loses acknowledged events; set it to on.") in found


@pytest.mark.django_db
def test_a_migration_that_has_not_run_is_named() -> None:
    assert examine_one(doctor.check_migrations) == [("ok", "Every migration is applied.")]
    ((app_label, newest),) = MigrationLoader(connection).graph.leaf_nodes("recommender")
    MigrationRecorder(connection).record_unapplied(app_label, newest)
    assert examine_one(doctor.check_migrations) == [
        ("problem", f"Not applied: recommender.{newest}. Run `manage.py migrate`.")
    ]


@pytest.mark.django_db
def test_no_live_model_is_a_problem_with_the_command_that_makes_one() -> None:
    assert examine_one(doctor.check_model) == [
        ("problem", "No model is live: feeds come from the fallback; run `manage.py retrain`.")
    ]


@pytest.mark.usefixtures("servers")
def test_a_broker_that_evicts_is_refused_with_the_way_out() -> None:
    url = services.embedded_cache_url()
    if "cache" not in services.list_embedded():
        pytest.skip("the embedded cache, which evicts, is not part of this run")
    with pytest.raises(broker.BrokerError, match=r"maxmemory-policy is 'allkeys-lru'.*set it to noeviction"):
        broker.refuse_evicting_broker(url)


@pytest.mark.usefixtures("servers")
def test_the_embedded_broker_is_accepted() -> None:
    if "broker" not in services.list_embedded():
        pytest.skip("the embedded broker is not part of this run")
    assert broker.read_eviction_policy(services.embedded_broker_url()) == "noeviction"
    broker.refuse_evicting_broker(services.embedded_broker_url())


def test_another_kind_of_broker_has_no_eviction_policy() -> None:
    assert broker.read_eviction_policy("amqp://guest@localhost:1//") is None


@pytest.mark.django_db
def test_the_command_prints_json_and_fails_where_there_is_a_problem(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "CHECKS", {"python": doctor.check_python, "model": doctor.check_model})
    with pytest.raises(SystemExit) as stopped:
        call_command("doctor", "--json")
    assert stopped.value.code == 1
    levels = {entry["check"]: entry["level"] for entry in json.loads(capsys.readouterr().out)}
    assert levels == {"python": "ok", "model": "problem"}


def test_the_state_folder_of_the_tests_is_not_the_product_s_own() -> None:
    from django.conf import settings

    assert Path(settings.VAR_DIR) != Path(settings.BASE_DIR) / "var"


@pytest.mark.django_db
def test_an_hour_without_updates_while_events_come_in_is_noted() -> None:
    assert examine_one(doctor.check_updates)[0][0] == "ok"
    ModelVersion.objects.create(
        state="live", folder="x", manifest_sha256="y", trained_until=timezone.now(), reason="",
        promoted_at=timezone.now() - timedelta(minutes=90),
    )  # fmt: skip
    ((level, text),) = examine_one(doctor.check_updates)
    assert level == "note" and "manage.py update_model" in text and "90 minutes" in text
