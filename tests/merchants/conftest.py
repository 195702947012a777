"""What the merchants' tests share."""

from collections.abc import Iterator

import pytest
from django.utils import translation

from recommender.feedback import leases
from recommender.simulation import engine_view
from recommender.simulation.audience import draw_panel


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """A request in another language leaves that language behind in its thread."""
    with translation.override("en"):
        yield


@pytest.fixture
def quick_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulations ask six viewers a market, and no heartbeat looks for rows that a test never commits."""
    monkeypatch.setattr(engine_view, "draw_panel", lambda *asked: draw_panel(*asked)[:6])
    monkeypatch.setattr(leases, "HEARTBEAT_SECONDS", 600)
