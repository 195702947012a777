"""Operators set experiments up, start, watch and end them; others may not."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from recommender import engine
from recommender.models import Experiment
from recommender.serving.live import LiveEngine
from tests.factories import make_experiment, make_user, make_videos

pytestmark = pytest.mark.django_db
ADD = "admin:recommender_experiment_add"


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(make_user("alice", is_staff=True, is_superuser=True))
    return client


def fill_form(**fields: Any) -> dict[str, Any]:
    """The set-up form with two arms, as a browser sends it."""
    arms = {
        "arms-TOTAL_FORMS": 2, "arms-INITIAL_FORMS": 0, "arms-MIN_NUM_FORMS": 0, "arms-MAX_NUM_FORMS": 1000,
        "arms-0-name": "control", "arms-0-share": 0.5, "arms-0-overrides": "{}",
        "arms-1-name": "other", "arms-1-share": 0.5, "arms-1-overrides": '{"value.like": 5}',
    }  # fmt: skip
    about = {
        "name": "try", "hypothesis": "it helps", "design": "viewer", "learning": "shared", "layer": "feed",
        "traffic_share": 1, "salt": "", "slice_seconds": 3600, "primary_metric": "long_watches",
        "guards": "[]", "planned_effect": 0.02, "planned_days": 14, "planned_units": 300,
    }  # fmt: skip
    return {**about, **arms, **fields}


def open_readout(client: Client, pk: int, **query: str) -> str:
    return client.get(reverse("admin:recommender_experiment_readout", args=[pk]), query).content.decode()


def test_set_up_start_watch_stop_conclude(operator: Client, live: LiveEngine) -> None:
    assert operator.post(reverse(ADD), fill_form()).status_code == 302
    experiment = Experiment.objects.get()
    assert [(arm.place, arm.name) for arm in experiment.arms.all()] == [(0, "control"), (1, "other")]
    assert experiment.owner.username == "alice"
    assert "has not started" in open_readout(operator, experiment.pk)
    for action, state in (("start", "running"), ("stop", "stopped"), ("conclude", "ended")):
        url = reverse(f"admin:recommender_experiment_{action}", args=[experiment.pk])
        assert operator.get(url).status_code == 405
        operator.post(url, {"text": f"why {action}"})
        experiment.refresh_from_db()
        assert experiment.state == state
    page = open_readout(operator, experiment.pk)
    assert "why stop" in page
    assert "why conclude" in page


def test_what_cannot_be_started_is_refused_on_the_form(operator: Client) -> None:
    page = operator.post(
        reverse(ADD), fill_form(**{"arms-1-overrides": '{"value.joy": 5}', "arms-1-share": 0.4})
    )
    text = page.content.decode()
    assert "&#x27;value.joy&#x27; is no value of the engine" in text
    assert "add up to 0.9" in text
    assert not Experiment.objects.exists()


def test_a_started_experiment_is_shown_and_no_longer_changed(operator: Client) -> None:
    experiment = make_experiment({"value.like": 5.0})
    url = reverse("admin:recommender_experiment_change", args=[experiment.pk])
    assert 'name="_save"' in operator.get(url).content.decode()
    engine.start_experiment(experiment.pk)
    assert 'name="_save"' not in operator.get(url).content.decode()
    assert operator.post(url, fill_form(name="renamed")).status_code == 403
    delete = reverse("admin:recommender_experiment_delete", args=[experiment.pk])
    assert operator.post(delete, {"post": "yes"}).status_code == 403


def test_the_power_calculator_answers_or_says_why_not(operator: Client) -> None:
    url = reverse("admin:recommender_experiment_power")
    asked = {"planned_effect": "0.05", "planned_days": "14", "design": "viewer", "primary_metric": "likes"}
    assert "name planned_units yourself" in operator.get(url, asked).json()["text"]
    assert "No answer" in operator.get(url, {**asked, "planned_effect": "much"}).json()["text"]
    assert "No answer" in operator.get(url, {**asked, "primary_metric": "joy"}).json()["text"]


def test_the_preview_says_why_the_log_cannot_answer(operator: Client, live: LiveEngine) -> None:
    make_videos(3)
    live.refresh()
    pk = make_experiment({"recall.candidates": 100}).pk
    page = open_readout(operator, pk, preview="1")
    assert "recall.candidates changes which videos are candidates" in page
    assert "serve some pages first" in page


def test_who_may_only_look_can_neither_start_nor_stop(client: Client) -> None:
    bob = make_user("bob", is_staff=True)
    bob.user_permissions.add(Permission.objects.get(codename="view_experiment"))
    client.force_login(bob)
    experiment = make_experiment({"value.like": 5.0})
    page = open_readout(client, experiment.pk)
    assert "Start:" not in page
    for action in ("start", "stop", "conclude"):
        url = reverse(f"admin:recommender_experiment_{action}", args=[experiment.pk])
        assert client.post(url, {"text": "x"}).status_code == 403
    assert Experiment.objects.get().state == "draft"


def test_staff_without_the_right_see_no_readout(client: Client) -> None:
    client.force_login(make_user("charlie", is_staff=True))
    experiment = make_experiment({"value.like": 5.0})
    assert (
        client.get(reverse("admin:recommender_experiment_readout", args=[experiment.pk])).status_code == 403
    )
    assert client.get(reverse("admin:recommender_experiment_power")).status_code == 403
