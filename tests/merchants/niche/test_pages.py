"""The niche page: what Alice sees and saves, what Bob may not change, what Charlie never meets."""

import io

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from merchants.models import Avatar, Membership, NicheScore, Role
from tests.factories import make_account, make_user

pytestmark = pytest.mark.django_db


def draw_avatar() -> SimpleUploadedFile:
    """A picture as a browser sends it."""
    values = np.random.default_rng(5).integers(0, 256, (80, 80, 3)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    return SimpleUploadedFile("face.png", buffer.getvalue(), "image/png")


def say(**more: object) -> dict[str, object]:
    """The form as it is filled in."""
    return {
        "nickname": "Lipstick Queen", "handle": "lipqueen", "bio": "", "niche": "lipstick", "market": "MY",
        **more,
    }  # fmt: skip


@pytest.fixture
def alice(client: Client) -> Client:
    """Alice, logged in, with an account that sells lipstick under her own name."""
    user = make_user("alice")
    make_account(user, "sitinur", nickname="Siti Nur", market="MY", niche="lipstick")
    client.force_login(user)
    return client


def test_a_person_without_an_account_is_told_what_to_do(client: Client) -> None:
    client.force_login(make_user("dora"))
    for name in ("niche", "search"):
        assert "add an account" in client.get(reverse(name)).content.decode()


def test_the_page_shows_score_evidence_and_changes(alice: Client) -> None:
    page = alice.get(reverse("niche")).content.decode()
    assert "/100" in page
    assert "What to change" in page
    assert "Nothing is saved yet" in page


def test_saving_keeps_name_picture_and_history(alice: Client) -> None:
    answer = alice.post(reverse("niche"), say(avatar=draw_avatar()))
    assert answer.status_code == 302
    score = NicheScore.objects.get()
    avatar = Avatar.objects.get()
    assert (score.nickname, score.avatar_sha256) == ("Lipstick Queen", avatar.sha256)
    assert avatar.account.nickname == "Lipstick Queen"
    picture = alice.get(reverse("niche-avatar", args=[avatar.account_id]))
    assert picture.content == bytes(avatar.image)
    assert picture["X-Content-Type-Options"] == "nosniff"
    page = alice.get(reverse("niche")).content.decode()
    assert "<rect" in page
    assert "Nothing is saved yet" not in page


def test_a_draft_is_judged_and_nothing_is_saved(alice: Client) -> None:
    draft = alice.post(reverse("niche-what-if"), say(avatar=draw_avatar())).content.decode()
    assert "A draft" in draft
    assert "data:image/png;base64," in draft
    assert not NicheScore.objects.exists()
    assert not Avatar.objects.exists()


def test_a_file_that_is_no_picture_is_refused_in_words(alice: Client) -> None:
    upload = SimpleUploadedFile("face.png", b"<html>", "image/png")
    refused = alice.post(reverse("niche-what-if"), say(avatar=upload)).content.decode()
    assert "cannot be read as a picture" in refused
    page = alice.post(reverse("niche"), say(avatar=SimpleUploadedFile("a.png", b"no", "image/png")))
    assert page.status_code == 200
    assert "cannot be read as a picture" in page.content.decode()


def test_a_viewer_of_the_team_looks_and_may_not_save(alice: Client, client: Client) -> None:
    account = Membership.objects.get().team.accounts.get()
    bob = make_user("bob")
    Membership.objects.create(user=bob, team=account.team, role=Role.VIEWER)
    visitor = Client()
    visitor.force_login(bob)
    assert visitor.get(reverse("niche")).status_code == 200
    assert visitor.post(reverse("niche"), say()).status_code == 403


def test_a_stranger_meets_neither_score_nor_picture(alice: Client) -> None:
    alice.post(reverse("niche"), say(avatar=draw_avatar()))
    account_id = Avatar.objects.get().account_id
    charlie = Client()
    charlie.force_login(make_user("charlie"))
    assert charlie.get(reverse("niche-avatar", args=[account_id])).status_code == 404
    assert charlie.get(reverse("niche"), {"account": account_id}).status_code == 404
    assert charlie.post(reverse("niche-what-if") + f"?account={account_id}", say()).status_code == 404
