"""What is asked of the engine: only what is known when the draft would be posted."""

from merchants.reach.questions import read_question

DAY = 86_400.0
POSTED = 1_780_000_000.0


def ask(*posted: float) -> dict[str, object]:
    past = [{"published_at": at, "views": 500.0, "horizon_days": 5.0} for at in posted]
    return {
        "caption": "New #lipstick", "language": "en", "duration_seconds": 20, "draft_topics": ["lipstick"],
        "has_cart": False, "followers": 1200, "account_market": "GB", "published_at": POSTED,
        "markets": ["GB"], "horizon_hours": 24, "past": past,
    }  # fmt: skip


def test_videos_after_the_draft_are_no_part_of_its_past() -> None:
    question = read_question(ask(POSTED - 9 * DAY, POSTED - 2 * DAY, POSTED - 0.5 * DAY, POSTED + 3 * DAY))
    assert question.account.past is not None
    assert question.account.past.published_at.tolist() == [POSTED - 9 * DAY, POSTED - 2 * DAY]


def test_a_date_before_every_import_has_no_past() -> None:
    assert read_question(ask(POSTED + DAY)).account.past is None
