"""Simulations by API: start once, poll, fetch, compare, cancel; scopes and tenants hold."""

import io
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from merchants.accounts.keys import make_key
from merchants.jobs.parts import find_waiting_parts
from merchants.jobs.working import work_on
from merchants.models import Account, Job, Membership, Role, Team
from merchants.reach.simulating import WORKS, help_out, simulate
from recommender.serving.live import LiveEngine
from tests.factories import bearer, make_user, make_videos
from tests.recommender.conftest import live

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_runs")]
__all__ = ["live"]
URL = "/api/v1/merchant/reach"


def make_tenant(name: str, *scopes: str) -> tuple[Account, dict[str, str]]:
    team = Team.objects.create(name=name)
    user = make_user(name)
    Membership.objects.create(user=user, team=team, role=Role.OWNER)
    account = Account.objects.create(team=team, handle=name, market="GB")
    return account, bearer(make_key(user, team, "test", scopes or ("reach:read", "reach:write"), 30)[1])


@pytest.fixture
def alice(live: LiveEngine) -> tuple[Account, dict[str, str]]:
    make_videos(40)
    live.refresh()
    return make_tenant("alice")


def draft(account: Account, **changes: Any) -> dict[str, Any]:
    return {
        "account": account.pk, "caption": "New lipstick #lipstick", "topic": "lipstick", "language": "en",
        "duration_seconds": 20, "published_at": "2026-12-01T19:00:00+00:00", "account_market": "GB",
        "followers": 1200, "has_cart": True, "price": 9.5, "markets": ["GB", "MY"], "n_replicates": 60,
        **changes,
    }  # fmt: skip


def post(client: Client, headers: dict[str, str], body: dict[str, Any], **more: str) -> Any:
    return client.post(URL, body, content_type="application/json", headers={**headers, **more})


def test_a_simulation_is_started_polled_and_fetched(client: Client, alice: Any) -> None:
    account, headers = alice
    started = post(client, headers, draft(account))
    assert started.status_code == 201 and started.json()["state"] == "queued"
    work_on(started.json()["id"], WORKS)
    answer = client.get(f"{URL}/{started.json()['id']}", headers=headers).json()
    assert answer["state"] == "done" and answer["result"]["schema"] == "reach-1"
    assert set(answer["result"]["forecast"]["markets"]) == {"GB", "MY"}
    assert {line["source"] for line in answer["result"]["assumptions"]}
    views = answer["result"]["forecast"]["total"]["outcomes"]["views"]
    assert views["q05"] <= views["q25"] <= views["q50"] <= views["q75"] <= views["q95"]


def test_the_same_request_twice_is_one_simulation_with_the_same_bytes(client: Client, alice: Any) -> None:
    account, headers = alice
    first, second = (post(client, headers, draft(account)) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    keyed = [post(client, headers, draft(account), **{"Idempotency-Key": key}) for key in ("x", "y")]
    results = []
    for answer in keyed:
        done = work_on(answer.json()["id"], WORKS)
        assert done is not None
        results.append(done.result)
    assert results[0] == results[1] and Job.objects.count() == 3


def test_two_are_compared_and_one_is_cancelled(client: Client, alice: Any) -> None:
    account, headers = alice
    ids = [post(client, headers, draft(account, followers=count)).json()["id"] for count in (10, 20, 30)]
    unready = client.get(f"{URL}/{ids[0]}/compare/{ids[1]}", headers=headers)
    assert unready.status_code == 400 and "has no answer yet" in unready.content.decode()
    for job_id in ids[:2]:
        work_on(job_id, WORKS)
    pair = client.get(f"{URL}/{ids[0]}/compare/{ids[1]}", headers=headers).json()
    assert set(pair["views"]) == {"first", "second"}
    assert client.delete(f"{URL}/{ids[2]}", headers=headers).json()["state"] == "cancelled"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"markets": ["FR"]}, "market 'FR' has no shopping cart"),
        ({"horizon_hours": 5}, "not a valid choice"),
        ({"topic": ""}, "blank"),
        ({"duration_seconds": 1}, "greater than or equal to 3"),
    ],
)
def test_a_bad_field_is_named(client: Client, alice: Any, changes: dict[str, Any], words: str) -> None:
    account, headers = alice
    answer = post(client, headers, draft(account, **changes))
    assert answer.status_code == 400
    assert words in answer.content.decode()


def test_an_unknown_topic_fails_the_job_with_the_topics_there_are(client: Client, alice: Any) -> None:
    account, headers = alice
    job = work_on(post(client, headers, draft(account, topic="swords")).json()["id"], WORKS)
    assert job is not None and job.state == Job.State.FAILED
    assert "topic 'swords' is not known" in job.reason and "lipstick" in job.reason


def test_another_tenant_and_a_smaller_scope_get_nothing(client: Client, alice: Any) -> None:
    account, headers = alice
    job_id = post(client, headers, draft(account)).json()["id"]
    _account, stranger = make_tenant("charlie")
    assert client.get(f"{URL}/{job_id}", headers=stranger).status_code == 404
    assert client.delete(f"{URL}/{job_id}", headers=stranger).status_code == 404
    assert client.get(URL, headers=stranger).json() == []
    assert post(client, stranger, draft(account)).status_code == 404
    _account, reader = make_tenant("reader", "reach:read")
    assert post(client, reader, draft(_account)).status_code == 403


def test_a_cover_is_sent_as_a_file_and_a_wrong_one_is_refused_by_field(client: Client, alice: Any) -> None:
    account, headers = alice
    buffer = io.BytesIO()
    Image.fromarray(np.full((64, 64, 3), (200, 30, 40), dtype=np.uint8)).save(buffer, "PNG")
    picture = SimpleUploadedFile("cover.png", buffer.getvalue(), "image/png")
    started = client.post(URL, draft(account, cover=picture), headers=headers)
    assert started.status_code == 201, started.content
    job = Job.objects.get()
    assert len(job.request["cover"]["sha256"]) == 64
    assert sum(chance for _, chance in job.request["cover"]["shown"]) <= 1.0
    done = work_on(job.pk, WORKS)
    assert done is not None and done.result is not None and done.result["cover"] is not None
    broken = SimpleUploadedFile("cover.png", b"no picture", "image/png")
    refused = client.post(URL, draft(account, cover=broken), headers=headers)
    assert refused.status_code == 400 and "cover" in refused.content.decode()


def test_helpers_take_pieces_and_the_answer_is_the_same(client: Client, alice: Any) -> None:
    account, headers = alice
    results = []
    for key in ("alone", "helped"):
        job = Job.objects.get(
            pk=post(client, headers, draft(account), **{"Idempotency-Key": key}).json()["id"]
        )
        helped: list[int] = []

        def simulate_helped(running: Job, report: Any, key: str = key, helped: list[int] = helped) -> Any:
            def tell(fraction: float, step: str) -> None:
                report(fraction, step)
                woken = find_waiting_parts() if key == "helped" and not helped and fraction > 0.05 else []
                helped.extend(help_out(part_id) for part_id in woken[:1])

            return simulate(running, tell)

        done = work_on(job.pk, {Job.Kind.REACH: simulate_helped})
        assert done is not None and done.state == Job.State.DONE, done and done.reason
        assert (sum(helped) > 0) is (key == "helped")
        results.append(done.result)
    assert results[0] == results[1]
