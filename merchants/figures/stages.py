"""Where a new video stands with its first viewers, in each market, and why, in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from merchants.models import Account
from merchants.shell import formats
from recommender import engine

#: What each state means for the merchant.
STATES: dict[str, tuple[str | Promise, str | Promise]] = {
    "waiting": (_("Waiting"), _("This market opens once the video passes its first pool at home.")),
    "trying": (_("In a pool"), _("It is shown to viewers most likely to judge it until its pool is full.")),
    "passed": (_("Passed"), _("It did better than most like it and now competes by its own record.")),
    "let_go": (_("Let go"), _("Viewers watched it less than its peers; no more viewers are guaranteed.")),
    "expired": (_("Time over"), _("Its days as a new video are over; it competes by its own record.")),
}


@dataclass(frozen=True, slots=True)
class StageRow:
    """One market's line."""

    market: str
    title: str | Promise
    why: str | Promise
    told: engine.StageTold


def list_stages(account: Account, video_ref: str) -> list[StageRow]:
    """The lines of one video of this account, by market; none for a video of anybody else."""
    if account.creator_id is None or not video_ref.isdecimal() or len(video_ref) > 18:
        return []
    found = engine.describe_stages([int(video_ref)], creator_id=account.creator_id)
    return [StageRow(formats.format_market(row.market), *STATES[row.state], row) for row in found]
