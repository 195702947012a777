"""A report: what it is called, how often, to whom, in which language."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from merchants.models import Cadence

MAX_RECIPIENTS = 20
CADENCE_NAMES = {
    Cadence.DAILY: _("every day"),
    Cadence.WEEKLY: _("every Monday"),
    Cadence.MONTHLY: _("on the first of the month"),
}


class ReportForm(forms.Form):
    """A scheduled report."""

    name = forms.CharField(label=_("Name of the report"), max_length=80)
    cadence = forms.ChoiceField(
        label=_("How often"), choices=list(CADENCE_NAMES.items()), initial=Cadence.WEEKLY
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    recipients = forms.CharField(
        label=_("To whom"), widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("e-mail addresses, one a line"),
    )  # fmt: skip

    def clean_recipients(self) -> list[str]:
        """Addresses, each checked; the first that is none is named."""
        found = list(
            dict.fromkeys(str(self.cleaned_data["recipients"]).replace(",", " ").replace(";", " ").split())
        )
        for address in found:
            try:
                validate_email(address)
            except ValidationError:
                raise ValidationError(
                    _("%(address)s is no e-mail address."), params={"address": address}
                ) from None
        if len(found) > MAX_RECIPIENTS:
            raise ValidationError(
                _("These are %(count)d addresses, the limit is %(limit)d."),
                params={"count": len(found), "limit": MAX_RECIPIENTS},
            )
        return found
