"""The draft a merchant asks about: a form that takes a minute, prefilled with what is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from merchants.models import Account
from merchants.reach.covers import read_cover
from merchants.shell.formats import format_language, format_market
from merchants.uploads.forms import read_upload
from merchants.uploads.pictures import SafePicture
from recommender.forecasts import HORIZONS_HOURS
from recommender.markets import LANGUAGES, MARKET_CODES, MARKETS

_HORIZON_NAMES = {1: _("1 hour"), 24: _("1 day"), 168: _("7 days")}
_EVENING = 19


class DraftForm(forms.Form):
    """What is posted, by whom, when and for whom."""

    title = forms.CharField(label=_("Name of this simulation"), max_length=120)
    caption = forms.CharField(
        label=_("Caption with hashtags"),
        max_length=2200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The engine reads its words; write it as you would post it."),
    )
    topic = forms.ChoiceField(label=_("Topic"))
    cover = forms.FileField(
        label=_("Cover picture"),
        required=False,
        help_text=_(
            "PNG, JPEG or WebP, at most 5 MB. The engine reads what it shows; empty = the caption alone."
        ),
    )
    language = forms.ChoiceField(label=_("Language spoken"))
    duration_seconds = forms.FloatField(label=_("Length in seconds"), min_value=3, max_value=600, initial=20)
    published_at = forms.DateTimeField(
        label=_("Posting time"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )
    account_market = forms.ChoiceField(label=_("Country of the account"))
    followers = forms.IntegerField(label=_("Followers"), min_value=0, max_value=500_000_000)
    has_cart = forms.BooleanField(label=_("With a shopping cart"), required=False)
    price = forms.DecimalField(
        label=_("Price of the basket"), required=False, min_value=0, max_digits=14, decimal_places=2,
        help_text=_("In the currency of the account's country; empty = a usual price."),
    )  # fmt: skip
    markets = forms.MultipleChoiceField(label=_("Countries"), widget=forms.CheckboxSelectMultiple)
    horizon_hours = forms.TypedChoiceField(label=_("Views after"), coerce=int, initial=168)
    key = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    def __init__(self, *args: Any, account: Account, topics: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(account.zone_name)
        countries = [(code, format_market(code)) for code in MARKET_CODES]
        choices = {
            "topic": [(topic, topic) for topic in topics],
            "language": [(tag, format_language(tag)) for tag in LANGUAGES],
            "account_market": countries,
            "markets": countries,
            "horizon_hours": [(hours, _HORIZON_NAMES[hours]) for hours in HORIZONS_HOURS],
        }
        for name, options in choices.items():
            self.fields[name].choices = options  # type: ignore[attr-defined]

    def clean_cover(self) -> SafePicture | None:
        """The picture made safe, or why it is refused."""
        return read_upload(self.cleaned_data["cover"])

    def clean_published_at(self) -> datetime:
        """The written wall clock is the account's; not more than a year away, either way."""
        moment: datetime = self.cleaned_data["published_at"]
        written = timezone.make_naive(moment) if timezone.is_aware(moment) else moment
        told = written.replace(tzinfo=self.zone)
        if abs(told - timezone.now()) > timedelta(days=4000):
            raise forms.ValidationError(_("Choose a day within eleven years of today."))
        return told

    def to_request(self) -> dict[str, Any]:
        """The cleaned draft as plain numbers, for a job."""
        data = self.cleaned_data
        return {
            "caption": data["caption"],
            "draft_topics": [data["topic"]],
            "cover": read_cover(data["cover"]),
            "language": data["language"],
            "duration_seconds": data["duration_seconds"],
            "published_at": data["published_at"].timestamp(),
            "account_market": data["account_market"],
            "followers": data["followers"],
            "has_cart": data["has_cart"],
            "price": float(data["price"]) if data["price"] else None,
            "markets": data["markets"],
            "horizon_hours": data["horizon_hours"],
        }


def guess_draft(account: Account, followers: int | None, topics: Sequence[str]) -> dict[str, Any]:
    """What the form starts with: the account's country and language, its next evening, all countries."""
    market = account.market if account.market in MARKETS else MARKET_CODES[0]
    evening = timezone.now().astimezone(ZoneInfo(account.zone_name)) + timedelta(days=1)
    niche = account.niche.strip().lower().replace(" ", "-")
    return {
        "topic": niche if niche in topics else (topics[0] if topics else ""),
        "language": account.language or MARKETS[market].main_language,
        "published_at": evening.replace(hour=_EVENING, minute=0, second=0, microsecond=0, tzinfo=None),
        "account_market": market,
        "followers": followers if followers is not None else 1000,
        "has_cart": True,
        "markets": list(MARKET_CODES),
        "horizon_hours": 168,
    }


class CountsForm(forms.Form):
    """Real views so many hours after posting."""

    hour = forms.TypedChoiceField(
        label=_("Hours after posting"), coerce=int, choices=[(1, "1"), (6, "6"), (24, "24")], initial=24
    )
    views = forms.IntegerField(label=_("Views by then"), min_value=0, max_value=5_000_000_000)
