"""The log of choices: what it keeps is enough to tell exactly how each page was chosen."""

import uuid
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from recommender import engine
from recommender.engine import FeedRequest, ViewerProfile, for_you
from recommender.experiments.off_policy import estimate_ips
from recommender.experiments.replay import Policy, locate_page, replay
from recommender.models import FeedChoice, FeedPage
from recommender.queries.experiments import read_choices
from recommender.serving import for_you as for_you_module
from recommender.serving.choices import is_sampled, prune_choices
from recommender.serving.live import LiveEngine
from tests.factories import make_event, make_experiment, make_videos

pytestmark = pytest.mark.django_db


@pytest.fixture
def platform(live: LiveEngine, monkeypatch: pytest.MonkeyPatch) -> LiveEngine:
    monkeypatch.setattr(for_you_module, "_CHOICE_SHARE", 1.0)
    make_videos(60, published_at=timezone.now() - timedelta(hours=2))
    live.refresh()
    return live


def serve(n_viewers: int) -> None:
    for viewer in range(n_viewers):
        for_you(
            FeedRequest(ViewerProfile(viewer, "GB", "en"), page_size=6, request_id=uuid.UUID(int=viewer + 1))
        )


def test_the_logged_policy_replayed_has_the_logged_chance_of_every_place(platform: LiveEngine) -> None:
    serve(25)
    now = timezone.now()
    choices = read_choices(now - timedelta(hours=1), now + timedelta(hours=1), 100)
    loaded = platform.get().engine
    pages = [page for choice in choices if (page := locate_page(choice, loaded.catalogue, loaded.content))]
    assert len(pages) == 25
    own = replay(pages, [Policy(page.weights, page.rerank) for page in pages], "like")
    assert own.target == pytest.approx(own.logged, abs=1e-6)
    assert len(set(np.round(own.logged, 3))) > 2  # some places explored
    logged = FeedPage.objects.get(request_id=uuid.UUID(int=3))
    kept = FeedChoice.objects.get(request_id=logged.request_id)
    assert (kept.shown_ids, kept.propensities) == (logged.video_ids, logged.propensities)


def test_what_followed_is_the_reward_of_its_place(platform: LiveEngine) -> None:
    serve(2)
    first = FeedChoice.objects.get(viewer_id=1).shown_ids[2]
    engine.record_event_dicts([make_event("like", 1, first), make_event("like", 7, first)], "test")
    now = timezone.now()
    told = {choice.viewer_id: choice.actions for choice in read_choices(now - timedelta(hours=1), now, 10)}
    assert told[1].astype(bool).tolist() == [False, False, True, False, False, False]
    assert not told[0].any()


def test_a_preview_answers_for_an_arm_near_the_live_setting(platform: LiveEngine) -> None:
    serve(60)
    # Nearly what is live: the same first choices, only the draw is a little sharper.
    experiment = make_experiment(
        {"rerank.exploration_temperature": 0.9}, primary_metric="likes", planned_units=10
    )
    liked = [row.shown_ids[0] for row in FeedChoice.objects.order_by("viewer_id")]
    events = [make_event("like", viewer, video) for viewer, video in enumerate(liked) if viewer % 2]
    engine.record_event_dicts(events, "test")
    control, other = engine.preview_experiment(experiment)
    assert control["refusal"] == other["refusal"] == ""
    assert control["support"] == pytest.approx(1.0)
    assert control["estimates"]["ips"]["value"] == pytest.approx(control["logged_mean"], abs=0.02)
    low, high = other["estimates"]["doubly_robust"]["interval"]
    assert low < 30 / 360 < high


def test_an_arm_that_puts_other_videos_first_is_refused(platform: LiveEngine) -> None:
    serve(30)
    overrides = {"rerank.exploration_share": 0.0, "value.affinity": -500.0}
    experiment = make_experiment(overrides, primary_metric="likes", planned_units=10)
    _, other = engine.preview_experiment(experiment)
    assert "are needed" in other["refusal"]
    assert other["support"] < 0.95


def test_the_sample_depends_on_the_page_alone_and_has_its_share() -> None:
    ids = [uuid.uuid5(uuid.NAMESPACE_URL, str(number)) for number in range(4000)]
    kept = [is_sampled(one, 0, 0.1) for one in ids]
    assert kept == [is_sampled(one, 0, 0.1) for one in ids]
    assert 0.08 < np.mean(kept) < 0.12
    assert not any(is_sampled(one, 0, 0.0) for one in ids)


def test_old_choices_are_forgotten(platform: LiveEngine) -> None:
    serve(3)
    FeedChoice.objects.filter(viewer_id=1).update(served_at=timezone.now() - timedelta(days=40))
    assert prune_choices() == 1
    assert FeedChoice.objects.count() == 2


def test_rows_of_one_page_count_as_one_draw() -> None:
    reward = np.repeat(np.random.default_rng(1).integers(0, 2, 200), 5).astype(float)
    chance = np.full(1000, 0.5)
    alone = estimate_ips(reward, chance, chance)
    together = estimate_ips(reward, chance, chance, cluster=np.repeat(np.arange(200), 5))
    assert together.value == alone.value
    width = [one.interval[1] - one.interval[0] for one in (alone, together)]
    assert width[1] == pytest.approx(width[0] * np.sqrt(5), rel=0.02)
