"""Experiments over HTTP: a draft, its start, its readout, its end; faults as problem documents."""

import json
from typing import Any

import pytest
from django.test import Client

from recommender.models import Experiment
from recommender.serving.live import LiveEngine
from tests.factories import bearer, make_key, make_videos

pytestmark = pytest.mark.django_db
DRAFT: dict[str, Any] = {
    "name": "shares-up",
    "hypothesis": "a share worth more brings more long watches",
    "guards": [{"metric": "not_interested", "tolerance": 0.02}],
    "planned_units": 400,
    "arms": [
        {"name": "control", "share": 0.5},
        {"name": "shares", "share": 0.5, "overrides": {"value.share": 15}},
    ],
}


@pytest.fixture
def call(client: Client) -> Any:
    headers = bearer(make_key("experiments:read", "experiments:control"))

    def send(method: str, path: str, body: Any = None) -> Any:
        text = json.dumps(body if body is not None else {})
        return client.generic(method, f"/api/v1/{path}", text, "application/json", headers=headers)

    return send


def test_from_draft_to_conclusion(call: Any, live: LiveEngine) -> None:
    made = call("POST", "experiments", DRAFT)
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    assert made.json()["arms"][1]["overrides"] == {"value.share": 15.0}
    assert call("GET", f"experiments/{pk}").json()["state"] == "draft"
    assert call("POST", f"experiments/{pk}/start").json()["state"] == "running"
    readout = call("GET", f"experiments/{pk}/readout").json()
    assert readout["split"]["counts"] == [0, 0]
    assert call("POST", f"experiments/{pk}/stop", {"text": "a test"}).json()["stop_reason"] == "a test"
    ended = call("POST", f"experiments/{pk}/conclude", {"text": "nothing"}).json()
    assert (ended["state"], ended["conclusion"]) == ("ended", "nothing")
    assert call("POST", f"experiments/{pk}/start").status_code == 409


def test_the_owner_is_who_made_it(call: Any) -> None:
    call("POST", "experiments", DRAFT)
    owner = Experiment.objects.get().owner
    assert owner is not None
    assert owner.username == "alice"


def test_every_fault_of_a_draft_is_named_with_its_field(call: Any) -> None:
    arms = [{"name": "control", "share": 0.5}, {"name": "b", "share": 0.4, "overrides": {"value.joy": 1}}]
    answer = call("POST", "experiments", {**DRAFT, "primary_metric": "joy", "arms": arms})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {error["field"].split("[")[0] for error in answer.json()["errors"]} == {
        "primary_metric",
        "arms",
        "overrides",
    }


def test_a_version_that_does_not_exist_is_a_fault_and_no_server_error(call: Any) -> None:
    arms = [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.5, "model_version_id": 77}]
    answer = call("POST", "experiments", {**DRAFT, "arms": arms})
    assert answer.status_code == 400
    assert "version 77 does not exist" in answer.json()["errors"][0]["reason"]


def test_a_taken_name_is_refused(call: Any) -> None:
    call("POST", "experiments", DRAFT)
    answer = call("POST", "experiments", DRAFT)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "name"


def test_a_full_layer_is_a_conflict(call: Any) -> None:
    first, second = (
        call("POST", "experiments", {**DRAFT, "name": name, "traffic_share": 0.6}).json()["id"]
        for name in ("one", "two")
    )
    assert call("POST", f"experiments/{first}/start").status_code == 200
    answer = call("POST", f"experiments/{second}/start")
    assert answer.status_code == 409
    assert "take less, stop one, or choose another layer" in answer.json()["detail"]


def test_without_a_past_a_start_asks_for_the_planned_units(call: Any) -> None:
    pk = call("POST", "experiments", {**DRAFT, "planned_units": 0}).json()["id"]
    answer = call("POST", f"experiments/{pk}/start")
    assert answer.status_code == 409
    assert "name planned_units yourself" in answer.json()["detail"]


def test_a_draft_can_be_thrown_away_and_a_run_cannot(call: Any) -> None:
    pk = call("POST", "experiments", DRAFT).json()["id"]
    assert call("DELETE", f"experiments/{pk}").status_code == 204
    pk = call("POST", "experiments", DRAFT).json()["id"]
    call("POST", f"experiments/{pk}/start")
    assert call("DELETE", f"experiments/{pk}").status_code == 409


def test_a_preview_refuses_without_a_log_and_for_values_that_move_candidates(
    call: Any, live: LiveEngine
) -> None:
    make_videos(3)
    live.refresh()
    arms = [*DRAFT["arms"][:1], {"name": "mix", "share": 0.5, "overrides": {"mix.trending": 2}}]
    pk = call("POST", "experiments", {**DRAFT, "arms": arms}).json()["id"]
    control, mix = call("GET", f"experiments/{pk}/preview").json()["arms"]
    assert "serve some pages" in control["refusal"]
    assert "changes which videos are candidates" in mix["refusal"]


def test_pages_of_the_list_follow_a_cursor(call: Any) -> None:
    for number in range(3):
        call("POST", "experiments", {**DRAFT, "name": f"number {number}"})
    page = call("GET", "experiments?limit=2").json()
    assert [one["name"] for one in page["results"]] == ["number 2", "number 1"]
    after = call("GET", page["next"].split("/api/v1/")[1]).json()
    assert [one["name"] for one in after["results"]] == ["number 0"]
