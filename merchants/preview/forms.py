"""Who is watching: the test viewer of a preview."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from recommender.markets import LANGUAGES, MARKETS

_LANGUAGE_NAMES = {
    "en": "English", "id": "Bahasa Indonesia", "ms": "Bahasa Melayu", "th": "ไทย", "vi": "Tiếng Việt",
    "fil": "Filipino", "zh": "中文", "ta": "தமிழ்", "es": "Español", "jv": "Basa Jawa", "su": "Basa Sunda",
}  # fmt: skip
MARKET_NAMES = {
    "GB": _("United Kingdom"), "US": _("United States"), "ID": _("Indonesia"), "MY": _("Malaysia"),
    "TH": _("Thailand"), "VN": _("Viet Nam"), "SG": _("Singapore"), "PH": _("Philippines"),
}  # fmt: skip


class TestViewerForm(forms.Form):
    """Country, language, phone and interests at sign-up."""

    market = forms.ChoiceField(label=_("Country"), choices=[(code, MARKET_NAMES[code]) for code in MARKETS])
    language = forms.ChoiceField(
        label=_("App language"), choices=[(tag, _LANGUAGE_NAMES[tag]) for tag in LANGUAGES]
    )
    os = forms.ChoiceField(label=_("Phone"), choices=[("android", "Android"), ("ios", "iPhone")])
    interests = forms.MultipleChoiceField(
        label=_("Interests chosen at sign-up"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, topics: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["interests"].choices = [(topic, topic) for topic in topics]  # type: ignore[attr-defined]
