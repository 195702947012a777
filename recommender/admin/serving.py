"""Feed pages as they were served, value weights with their versions, market rules."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from recommender import engine
from recommender.admin.facts import FactAdmin
from recommender.contracts import ValueWeights as Weights
from recommender.markets import LANGUAGES, MARKET_CODES
from recommender.models import FeedPage, MarketRule, ValueWeights

_MARKETS = [(code, code) for code in MARKET_CODES]


@admin.register(FeedPage)
class FeedPageAdmin(FactAdmin):
    """The impressions log, a page a row."""

    list_display = ("request_id", "page", "viewer_id", "served_at", "mode", "model_version", "arm")
    list_filter = ("mode", "arm", "served_at")
    search_fields = ("=request_id", "=viewer_id")


class ValueWeightsForm(forms.ModelForm):
    """Weights are checked term by term before they can go live."""

    market = forms.ChoiceField(choices=[("", "every market without its own"), *_MARKETS], required=False)

    class Meta:
        model = ValueWeights
        fields = ("market", "weights", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "weights" in self.fields:  # absent where a version is only looked at
            self.initial.setdefault("weights", engine.read_active_weights())

    def clean_weights(self) -> dict[str, float]:
        """Refuse a term that does not exist and a weight that is no number."""
        weights = self.cleaned_data["weights"]
        try:
            Weights(version="draft", default={name: float(value) for name, value in weights.items()})
        except (AttributeError, TypeError, ValueError) as error:
            raise forms.ValidationError(
                f'weights must be an object of numbers, like {{"like": 3.0, "watch": 0.02}}: {error}'
            ) from error
        return dict(weights)


@admin.register(ValueWeights)
class ValueWeightsAdmin(admin.ModelAdmin):
    """What each predicted action is worth; saving makes a new version and takes effect within seconds."""

    form = ValueWeightsForm
    list_display = ("__str__", "is_active", "weights", "note", "created_at")
    list_filter = ("market", "is_active")
    search_fields = ("note", "market")
    actions = ("activate",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A version stays as it was; add a new one instead."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Pages in the log name their version, so versions stay."""
        return False

    def save_model(self, request: HttpRequest, obj: ValueWeights, form: forms.Form, change: bool) -> None:
        """Make the new version the active one."""
        saved = engine.save_value_weights(obj.market, obj.weights, obj.note)
        obj.pk, obj.version, obj.is_active = saved.pk, saved.version, saved.is_active

    @admin.action(description="Return to this version", permissions=["add"])
    def activate(self, request: HttpRequest, queryset: QuerySet[ValueWeights]) -> None:
        """Make the chosen versions active in their markets."""
        for version in queryset:
            engine.activate_value_weights(version)
            self.message_user(request, f"{version} is active; feeds follow within seconds.", messages.SUCCESS)


class MarketRuleForm(forms.ModelForm):
    """Markets and languages by choice, not by spelling."""

    market = forms.ChoiceField(choices=_MARKETS)
    languages = forms.MultipleChoiceField(choices=[(tag, tag) for tag in LANGUAGES])
    hit_quantile = forms.FloatField(min_value=0.5, max_value=1, initial=0.99)

    class Meta:
        model = MarketRule
        fields = ("market", "languages", "hit_quantile")


@admin.register(MarketRule)
class MarketRuleAdmin(admin.ModelAdmin):
    """Which languages a market is shown; takes effect within seconds."""

    form = MarketRuleForm
    list_display = ("market", "languages", "hit_quantile", "updated_at")
    search_fields = ("market",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A rule keeps its market."""
        return ("market",) if obj else ()
