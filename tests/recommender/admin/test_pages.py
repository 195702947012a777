"""Every table opens, searches and filters; actions do what they say; facts stay facts."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from recommender import engine
from recommender.feedback.requests import request_run
from recommender.models import (
    ApiToken,
    Creator,
    FeedPage,
    ModelVersion,
    RefusedEvent,
    TrainingRun,
    ValueWeights,
)
from recommender.serving.live import LiveEngine
from tests.factories import make_event, make_user, make_videos

pytestmark = pytest.mark.django_db
TABLES = sorted(
    model._meta.model_name for model in admin.site._registry if model._meta.app_label == "recommender"
)


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(make_user("alice", is_staff=True, is_superuser=True))
    return client


def list_url(table: str) -> str:
    return reverse(f"admin:recommender_{table}_changelist")


def act(client: Client, table: str, action: str, *pks: Any) -> Any:
    data = {"action": action, "_selected_action": list(pks)}
    return client.post(list_url(table), data, follow=True)


@pytest.fixture
def rows(live: LiveEngine) -> None:
    make_videos(8)
    live.refresh()
    engine.for_you(engine.FeedRequest(engine.ViewerProfile(5, "GB", "en")))
    engine.record_event_dicts([make_event("like", 5, 1), make_event("like", 5, 999)], "test")
    request_run("admin")
    engine.save_value_weights("", {"like": 1.0})


@pytest.mark.parametrize("table", TABLES)
def test_every_table_opens_searches_and_shows_a_row(operator: Client, rows: None, table: str) -> None:
    assert operator.get(list_url(table)).status_code == 200
    assert operator.get(list_url(table), {"q": "5"}).status_code == 200
    registered = {model._meta.model_name: model for model in admin.site._registry}
    row = registered[table].objects.first()
    if row is not None:
        url = reverse(f"admin:recommender_{table}_change", args=[row.pk])
        assert operator.get(url).status_code == 200


def test_the_account_of_the_stream_heads_the_batches(operator: Client, rows: None) -> None:
    page = operator.get(list_url("eventbatch")).content.decode()
    assert "2 received = 1 stored + 0 duplicate + 1 refused" in page
    assert "Nothing is lost." in page


@pytest.mark.parametrize(
    "table", ["eventbatch", "refusedevent", "feedpage", "trainingrun", "modelversion", "viewerstate"]
)
def test_facts_cannot_be_added_changed_or_deleted(operator: Client, rows: None, table: str) -> None:
    assert operator.get(reverse(f"admin:recommender_{table}_add")).status_code == 403
    model = {m._meta.model_name: m for m in admin.site._registry}[table]
    row = model.objects.first()
    if row is not None:
        assert (
            operator.post(reverse(f"admin:recommender_{table}_change", args=[row.pk]), {}).status_code == 403
        )
        assert (
            operator.post(reverse(f"admin:recommender_{table}_delete", args=[row.pk]), {}).status_code == 403
        )


def test_blocking_and_unblocking_creators(operator: Client, rows: None) -> None:
    act(operator, "creator", "block", 11, 12)
    assert set(Creator.objects.filter(is_blocked=True).values_list("pk", flat=True)) == {11, 12}
    act(operator, "creator", "unblock", 12)
    assert set(Creator.objects.filter(is_blocked=True).values_list("pk", flat=True)) == {11}


def test_replaying_a_refused_event_once_its_video_is_known(operator: Client, rows: None) -> None:
    refused = RefusedEvent.objects.get()
    make_videos(1, id=999)
    page = act(operator, "refusedevent", "replay", refused.pk)
    assert "1 accepted" in page.content.decode()
    refused.refresh_from_db()
    assert refused.replayed_at is not None


def test_the_retrain_button_queues_one_run_however_often_it_is_pressed(operator: Client) -> None:
    url = reverse("admin:recommender_trainingrun_retrain")
    operator.post(url)
    page = operator.post(url, follow=True)
    assert TrainingRun.objects.count() == 1
    assert "is already queued" in page.content.decode()
    assert operator.get(url).status_code == 405


def test_an_operator_without_the_right_cannot_retrain(client: Client) -> None:
    client.force_login(make_user("bob", is_staff=True))
    client.post(reverse("admin:recommender_trainingrun_retrain"))
    assert not TrainingRun.objects.exists()


def test_calling_a_run_off(operator: Client) -> None:
    run, _ = request_run("admin")
    act(operator, "trainingrun", "cancel", run.pk)
    run.refresh_from_db()
    assert run.state == TrainingRun.State.CANCELLED


def test_a_version_with_missing_files_is_not_promoted_and_the_reason_is_shown(
    operator: Client, artifact_dir: Any
) -> None:
    version = ModelVersion.objects.create(
        state="refused", folder="gone", manifest_sha256="0" * 64, trained_until=timezone.now(), reason="worse"
    )
    page = act(operator, "modelversion", "promote", version.pk)
    assert "cannot go live" in page.content.decode()
    version.refresh_from_db()
    assert version.state == "refused"


def test_saving_weights_makes_a_new_active_version(operator: Client) -> None:
    url = reverse("admin:recommender_valueweights_add")
    operator.post(url, {"market": "", "weights": '{"like": 1}', "note": "start"})
    operator.post(url, {"market": "", "weights": '{"like": 2}', "note": "more"})
    rows = list(ValueWeights.objects.order_by("version").values_list("version", "is_active"))
    assert rows == [(1, False), (2, True)]


def test_the_form_starts_from_the_weights_in_force(operator: Client) -> None:
    url = reverse("admin:recommender_valueweights_add")
    assert "&quot;watch&quot;: 0.02" in operator.get(url).content.decode()
    engine.save_value_weights("", {"like": 7.5})
    assert "&quot;like&quot;: 7.5" in operator.get(url).content.decode()


@pytest.mark.parametrize("weights", ['{"dislike": 1}', '{"like": "much"}', "[1]"])
def test_weights_that_make_no_sense_are_refused_in_words(operator: Client, weights: str) -> None:
    url = reverse("admin:recommender_valueweights_add")
    page = operator.post(url, {"market": "", "weights": weights, "note": ""})
    assert page.status_code == 200
    assert "weights must be an object of numbers" in page.content.decode()
    assert not ValueWeights.objects.exists()


def test_a_new_tokens_key_is_shown_once(operator: Client) -> None:
    data = {"name": "app", "owner": operator.session["_auth_user_id"], "scopes": ["feed:read"]}
    page = operator.post(reverse("admin:recommender_apitoken_add"), data, follow=True).content.decode()
    assert "shown this once: ttok_" in page
    assert "shown this once" not in operator.get(list_url("apitoken")).content.decode()
    token = ApiToken.objects.get()
    act(operator, "apitoken", "revoke", token.pk)
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_a_served_page_can_be_found_by_its_viewer(operator: Client, rows: None) -> None:
    page = FeedPage.objects.get()
    assert str(page.request_id) in operator.get(list_url("feedpage"), {"q": "5"}).content.decode()


def test_strangers_see_the_login(client: Client) -> None:
    client.force_login(make_user("charlie"))
    for table in TABLES:
        assert client.get(list_url(table)).status_code == 302


def test_an_update_is_asked_for_by_its_own_button(operator: Client) -> None:
    operator.post(reverse("admin:recommender_trainingrun_update"), follow=True)
    assert TrainingRun.objects.get().kind == "update"
    assert operator.get(reverse("admin:recommender_trainingrun_update")).status_code == 405


def test_the_page_of_a_version_shows_gate_drift_and_shadow(operator: Client) -> None:
    metrics = {"improvement": 0.01, "drift": {"alarms": ["feature age has moved: index 0.40"]}}
    version = ModelVersion.objects.create(
        state="refused", folder="x", manifest_sha256="y", trained_until=timezone.now(), reason="worse",
        metrics=metrics,
    )  # fmt: skip
    page = operator.get(reverse("admin:recommender_modelversion_change", args=[version.pk])).content.decode()
    assert "feature age has moved" in page
    assert "improvement" in page
    answer = act(operator, "modelversion", "put_in_shadow", version.pk)
    assert "cannot be a shadow" in answer.content.decode()
