"""Training runs and versions over HTTP."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from recommender.models import ModelVersion, TrainingRun
from recommender.registry.versions import write_version
from tests.factories import bearer, make_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(client: Client) -> Any:
    headers = bearer(make_key("training:read", "training:control"))

    def send(method: str, path: str, body: Any = None) -> Any:
        return client.generic(
            method, f"/api/v1/{path}", b"{}" if body is None else body, "application/json", headers=headers
        )

    return send


def make_version(root: Path, state: str, **fields: Any) -> ModelVersion:
    folder, digest = write_version({"x": np.zeros(2)}, {}, [])
    return ModelVersion.objects.create(
        state=state, folder=folder, manifest_sha256=digest, trained_until=timezone.now(), reason="", **fields
    )


def test_asking_twice_for_training_makes_one_run(call: Any) -> None:
    first, again = call("POST", "training-runs"), call("POST", "training-runs")
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"]
    assert TrainingRun.objects.get().trigger == "api"


def test_a_run_is_watched_and_called_off(call: Any) -> None:
    pk = call("POST", "training-runs").json()["id"]
    assert call("GET", f"training-runs/{pk}").json()["state"] == "queued"
    assert call("DELETE", f"training-runs/{pk}").status_code == 204
    assert call("GET", f"training-runs/{pk}").json()["state"] == "cancelled"
    answer = call("DELETE", f"training-runs/{pk}")
    assert answer.status_code == 409
    assert "nothing to call off" in answer.json()["detail"]


def test_an_unknown_run_is_a_problem_document(call: Any) -> None:
    answer = call("GET", "training-runs/77")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/not-found"


def test_promoting_and_rolling_back(call: Any, artifact_dir: Path) -> None:
    old = make_version(artifact_dir, "retired", promoted_at=timezone.now())
    live = make_version(artifact_dir, "live", promoted_at=timezone.now())
    assert call("POST", "model-versions/roll-back", b'{"reason": "bad"}').json()["id"] == old.pk
    assert call("POST", f"model-versions/{live.pk}/promote", b'{"reason": "good"}').json()["state"] == "live"
    states = dict(ModelVersion.objects.values_list("pk", "state"))
    assert states == {old.pk: "retired", live.pk: "live"}


def test_a_promotion_needs_a_reason(call: Any, artifact_dir: Path) -> None:
    version = make_version(artifact_dir, "refused")
    answer = call("POST", f"model-versions/{version.pk}/promote")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "reason"


def test_the_openapi_document_names_every_operation(client: Client) -> None:
    document = client.get("/api/v1/openapi.json", headers={"Accept": "application/json"}).json()
    paths = {path.removeprefix("/api/v1/") for path in document["paths"]}
    assert {"events", "feed", "viewers", "videos", "training-runs", "metrics"} <= paths
    feed = document["paths"]["/api/v1/feed"]["get"]
    assert {"viewer_id", "cursor", "limit"} <= {parameter["name"] for parameter in feed["parameters"]}
    assert "401" in feed["responses"]


def test_the_page_to_try_the_api_needs_no_other_host(client: Client) -> None:
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    assert "https://" not in page.content.decode()


def test_an_update_is_asked_for_beside_a_retraining_and_listed_by_its_kind(call: Any) -> None:
    full, update = call("POST", "training-runs"), call("POST", "training-runs", b'{"kind": "update"}')
    assert (full.json()["kind"], update.json()["kind"]) == ("full", "update")
    assert (full.status_code, update.status_code) == (202, 202)
    listed = call("GET", "training-runs?kind=update").json()
    assert [run["id"] for run in listed["results"]] == [update.json()["id"]]


def test_an_unknown_kind_of_run_is_refused_by_name(call: Any) -> None:
    answer = call("POST", "training-runs", b'{"kind": "partial"}')
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "kind"
    assert call("GET", "training-runs?kind=partial").status_code == 400
