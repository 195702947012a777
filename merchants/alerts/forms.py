"""A rule: which figure, and when to speak up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from merchants.alerts.judging import Rule
from merchants.figures.metrics import METRICS
from merchants.models import AlertKind

KIND_NAMES = {
    AlertKind.DROP: _("falls by more than … % of the usual"),
    AlertKind.RISE: _("rises by more than … % of the usual"),
    AlertKind.BELOW: _("is below"),
    AlertKind.ABOVE: _("is above"),
    AlertKind.SILENCE: _("has no figures for … days"),
}


class AlertForm(forms.Form):
    """What to watch."""

    metric = forms.ChoiceField(label=_("Figure"), choices=[(key, one.title) for key, one in METRICS.items()])
    kind = forms.ChoiceField(label=_("Tell me when it"), choices=list(KIND_NAMES.items()))
    threshold = forms.DecimalField(
        label=_("Threshold"), min_value=0, max_digits=20, decimal_places=4, initial=40
    )
    quiet_days = forms.IntegerField(
        label=_("Days of silence afterwards"), min_value=0, max_value=60, initial=3
    )
    name = forms.CharField(label=_("Name of the alert"), max_length=80, required=False)

    def clean(self) -> dict[str, Any]:
        """Thresholds that can never be met are refused."""
        told: dict[str, Any] = super().clean() or {}
        kind, threshold = told.get("kind"), told.get("threshold")
        if kind == AlertKind.DROP and threshold is not None and threshold >= 100:
            self.add_error("threshold", _("A figure cannot fall by more than 100 %; give less than 100."))
        if kind == AlertKind.SILENCE and threshold is not None and not 1 <= threshold <= 60:
            self.add_error("threshold", _("Give 1 to 60 days."))
        if not told.get("name") and told.get("metric"):
            told["name"] = (
                f"{METRICS[told['metric']].title}: {AlertKind(kind).label if kind else ''} {threshold}"[:80]
            )
        return told

    @property
    def rule(self) -> Rule:
        """The rule as judging takes it."""
        told = self.cleaned_data
        return Rule(told["kind"], Decimal(told["threshold"]), told["quiet_days"])
