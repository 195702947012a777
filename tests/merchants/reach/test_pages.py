"""Reach in a browser's eyes: ask, watch, read, update, compare; another merchant's runs stay closed."""

import io
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from merchants.jobs.working import work_on
from merchants.models import Account, Job, Membership, Role, Team
from merchants.reach.simulating import WORKS
from recommender import engine
from recommender.models import GroupVersion
from recommender.serving.live import LiveEngine
from tests.factories import make_user, make_videos
from tests.recommender.conftest import live

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_runs")]
__all__ = ["live"]


@pytest.fixture
def account(live: LiveEngine) -> Account:
    make_videos(40)
    live.refresh()
    team = Team.objects.create(name="Alpha")
    for name, role in (("alice", Role.OWNER), ("bob", Role.VIEWER)):
        Membership.objects.create(user=make_user(name), team=team, role=role)
    make_user("charlie")
    return Account.objects.create(team=team, handle="alpha", market="GB", language="en", niche="lipstick")


@pytest.fixture
def alice(client: Client, account: Account) -> Client:
    client.force_login(User.objects.get(username="alice"))
    return client


def fill(client: Client, **changes: Any) -> dict[str, Any]:
    """The form as it is prefilled, with a caption and changes."""
    initial = client.get(reverse("reach-new")).context["form"].initial
    filled = {**initial, "caption": "New lipstick #lipstick", "duration_seconds": 20, **changes}
    filled["published_at"] = initial["published_at"].strftime("%Y-%m-%dT%H:%M")
    return {name: value for name, value in filled.items() if value is not None and value is not False}


def run_one(client: Client, **changes: Any) -> Job:
    answer = client.post(reverse("reach-new"), fill(client, **changes))
    assert answer.status_code == 302, answer.context["form"].errors
    done = work_on(int(answer.url.split("/")[2]), WORKS)
    assert done is not None and done.state == Job.State.DONE, done and done.reason
    return done


def test_the_form_is_prefilled_with_what_is_known(alice: Client) -> None:
    form = alice.get(reverse("reach-new")).context["form"]
    assert (form.initial["account_market"], form.initial["topic"], form.initial["language"]) == (
        "GB",
        "lipstick",
        "en",
    )
    assert len(form.initial["markets"]) == 8


def test_a_simulation_shows_progress_then_its_answer(alice: Client) -> None:
    answer = alice.post(reverse("reach-new"), fill(alice))
    page = alice.get(answer.url).content.decode()
    assert "You may leave this page" in page
    job = Job.objects.get()
    progress = alice.get(reverse("reach-progress", args=[job.pk]))
    assert "Waiting for a worker" in progress.content.decode() and "HX-Refresh" not in progress
    work_on(job.pk, WORKS)
    assert alice.get(reverse("reach-progress", args=[job.pk]))["HX-Refresh"] == "true"
    shown = alice.get(reverse("reach-result", args=[job.pk])).content.decode()
    for words in (
        "median",
        "90 % of outcomes",
        "What would help most",
        "What limits this video",
        "assumption",
    ):
        assert words in shown
    assert "No trained model is live" in shown


def test_sending_the_form_twice_makes_one_job(alice: Client) -> None:
    filled = fill(alice)
    first, second = (alice.post(reverse("reach-new"), filled) for _ in range(2))
    assert first.url == second.url and Job.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("markets", [], "required"),
        ("duration_seconds", 2, "greater than or equal to 3"),
        ("topic", "swords", "swords"),
        ("followers", -1, "greater than or equal to 0"),
    ],
)
def test_a_draft_that_cannot_be_asked_about_is_refused_at_its_field(
    alice: Client, field: str, value: Any, words: str
) -> None:
    answer = alice.post(reverse("reach-new"), fill(alice, **{field: value}))
    assert answer.status_code == 200
    assert words in " ".join(answer.context["form"].errors[field])
    assert not Job.objects.exists()


def test_real_counts_make_a_second_run_that_is_weighed_by_them(alice: Client) -> None:
    job = run_one(alice)
    answer = alice.post(reverse("reach-observe", args=[job.pk]), {"hour": 24, "views": 100_000})
    second = work_on(int(answer.url.split("/")[2]), WORKS)
    assert second is not None and second.result is not None and second.pk != job.pk
    update = second.result["updated"][0]
    assert update["after"]["q50"] > update["before"]["q50"]
    assert second.result["forecast"] == (job.result or {})["forecast"]


def test_two_runs_are_compared(alice: Client) -> None:
    first, second = run_one(alice), run_one(alice, title="Shorter", duration_seconds=10)
    page = alice.get(reverse("reach-compare", args=[first.pk, second.pk])).content.decode()
    assert "Shorter" in page and "Two simulations side by side" in page
    assert "Shorter" in alice.get(reverse("reach")).content.decode()


def test_a_waiting_run_can_be_cancelled(alice: Client) -> None:
    job_id = int(alice.post(reverse("reach-new"), fill(alice)).url.split("/")[2])
    alice.post(reverse("reach-cancel", args=[job_id]))
    assert Job.objects.get().state == Job.State.CANCELLED
    assert "Nothing was kept" in alice.get(reverse("reach-run", args=[job_id])).content.decode()


def test_bob_may_look_but_not_start(alice: Client) -> None:
    job = run_one(alice)
    alice.force_login(User.objects.get(username="bob"))
    assert alice.get(reverse("reach-run", args=[job.pk])).status_code == 200
    assert alice.get(reverse("reach-new")).status_code == 403
    assert alice.post(reverse("reach-cancel", args=[job.pk])).status_code == 404


def test_charlie_sees_nothing_of_alices(alice: Client) -> None:
    job = run_one(alice)
    alice.force_login(User.objects.get(username="charlie"))
    for name in ("reach-run", "reach-progress", "reach-result"):
        assert alice.get(reverse(name, args=[job.pk])).status_code == 404
    assert alice.post(reverse("reach-observe", args=[job.pk]), {"hour": 1, "views": 1}).status_code == 404
    assert alice.get(reverse("reach-compare", args=[job.pk, job.pk])).status_code == 404
    assert job.title not in alice.get(reverse("reach")).content.decode()


def test_without_a_past_the_backtest_says_what_to_do(alice: Client) -> None:
    assert "No past to compare with yet" in alice.get(reverse("reach-backtest")).content.decode()


def test_the_pages_speak_chinese(alice: Client) -> None:
    alice.cookies["django_language"] = "zh-hans"
    assert "新建模拟" in alice.get(reverse("reach")).content.decode()


def draw_cover() -> SimpleUploadedFile:
    """A red stripe on a light ground: what it shows matters less than that it is read."""
    buffer, values = io.BytesIO(), np.full((96, 96, 3), 230, dtype=np.uint8)
    values[20:80, 40:56] = (190, 20, 40)
    Image.fromarray(values).save(buffer, "PNG")
    return SimpleUploadedFile("cover.png", buffer.getvalue(), "image/png")


def test_a_cover_is_read_and_moves_the_forecast(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[int, ...]] = []

    def see_shoes(picture: np.ndarray) -> list[tuple[str, float]]:
        read.append(picture.shape)
        return [("shoes", 0.7), ("lipstick", 0.1)]

    monkeypatch.setattr(engine, "read_cover", see_shoes)
    plain, covered = run_one(alice), run_one(alice, cover=draw_cover())
    assert read and read[0][2] == 3
    assert covered.request["cover"]["shown"] == [["shoes", 0.7], ["lipstick", 0.1]]
    first, second = plain.result or {}, covered.result or {}
    assert first["cover"] is None and second["cover"]["shows_topic"] == 0.1
    assert second["forecast"] != first["forecast"]
    tried = {line["name"] for line in second["changes"]}
    assert "cover=lipstick" in tried and "cover=none" not in tried
    assert "cover=none" in {line["name"] for line in first["changes"]}
    shown = alice.get(reverse("reach-result", args=[covered.pk])).content.decode()
    assert "The cover shows what the video is about" in shown
    assert "Show Lipstick on the cover" in shown


def test_a_cover_that_is_no_picture_is_refused_at_its_field(alice: Client) -> None:
    broken = SimpleUploadedFile("cover.png", b"no picture", "image/png")
    answer = alice.post(reverse("reach-new"), fill(alice, cover=broken))
    assert "cannot be read as a picture" in " ".join(answer.context["form"].errors["cover"])
    assert not Job.objects.exists()


def test_viewers_come_from_the_engines_groups_and_the_answer_says_so(alice: Client) -> None:
    def find_interests(job: Job) -> dict[str, Any]:
        return next(line for line in (job.result or {})["assumptions"] if line["what"] == "interests")

    assert "no grouping of viewers is in force" in find_interests(run_one(alice))["source"]
    groups = [{"id": 0, "traits": [], "size": 40, "centre": [], "liking": {"lipstick": 0.9}}]
    GroupVersion.objects.create(kind="interest", number=4, viewer_count=40, groups=groups, is_live=True)
    told = find_interests(run_one(alice, title="With groups", duration_seconds=11))
    assert "version 4" in told["source"] and told["is_verified"]
