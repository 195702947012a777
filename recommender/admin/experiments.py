"""Experiments: set up with the viewers they need, started, watched, stopped and concluded."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from recommender import engine
from recommender.admin.facts import FactAdmin
from recommender.models import Arm, Experiment, FeedChoice

#: Objects are a line or two; Django's field for them is made for pages.
_SHORT_JSON = forms.Textarea(attrs={"rows": 3, "cols": 36})


class ExperimentForm(forms.ModelForm):
    """Metrics by choice."""

    primary_metric = forms.ChoiceField(
        choices=[(name, name) for name in engine.EXPERIMENT_METRICS], initial="long_watches"
    )

    class Meta:
        model = Experiment
        fields = (
            "name", "hypothesis", "design", "learning", "layer", "traffic_share", "salt", "slice_seconds",
            "primary_metric", "guards", "planned_effect", "planned_days", "planned_units",
        )  # fmt: skip


class ArmFormSet(forms.BaseInlineFormSet):
    """Arms are judged together with their experiment."""

    def clean(self) -> None:
        """Refuse what could not be started, all of it at once."""
        super().clean()
        kept = [form for form in self.forms if form.has_changed() or form.instance.pk]
        if any(self.errors):
            return
        kept = [form for form in kept if not form.cleaned_data.get("DELETE")]
        for place, form in enumerate(kept):
            form.instance.place = place
        faults = engine.find_experiment_faults(self.instance, [form.instance for form in kept])
        if faults:
            raise forms.ValidationError([text for _, text in faults])


class ArmInline(admin.TabularInline):
    """The arms, the control first."""

    model = Arm
    formset = ArmFormSet
    formfield_overrides = {models.JSONField: {"widget": _SHORT_JSON}}
    fields = ("name", "share", "overrides", "value_weights", "model_version", "stopped_at", "stop_reason")
    readonly_fields = ("stopped_at", "stop_reason")
    extra = 2

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Arms are added before the start."""
        return _is_open(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Arms are changed before the start."""
        return _is_open(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Arms are taken away before the start."""
        return _is_open(obj) and super().has_delete_permission(request, obj)


def _is_open(obj: Any) -> bool:
    return obj is None or obj.state == Experiment.State.DRAFT


@admin.register(Experiment)
class ExperimentAdmin(admin.ModelAdmin):
    """Experiments; each has a page with its readout and the buttons to start, stop and conclude it."""

    form = ExperimentForm
    formfield_overrides = {models.JSONField: {"widget": _SHORT_JSON}}
    inlines = (ArmInline,)
    change_form_template = "recommender/admin/experiment_form.html"
    list_display = (
        "name",
        "state",
        "design",
        "layer",
        "traffic_share",
        "primary_metric",
        "started_at",
        "ended_at",
    )
    list_filter = ("state", "design", "layer")
    search_fields = ("name", "hypothesis")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What has started is frozen."""
        return _is_open(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What has started stays on record."""
        return _is_open(obj) and super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """No deletion of many at once: some of them may have run."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return dict(actions)

    def save_model(self, request: HttpRequest, obj: Experiment, form: forms.Form, change: bool) -> None:
        """Keep who set it up."""
        if obj.owner_id is None:
            obj.owner_id = request.user.pk
        super().save_model(request, obj, form, change)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The form with the list of values that an arm may move."""
        context["values"] = engine.name_values()
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[Any]:
        """The table's addresses, the page of an experiment, its buttons, and the power calculator."""
        wrap = self.admin_site.admin_view
        own = [
            path("power/", wrap(self.power), name="recommender_experiment_power"),
            path("<int:pk>/readout/", wrap(self.readout), name="recommender_experiment_readout"),
            path("<int:pk>/start/", wrap(self.start), name="recommender_experiment_start"),
            path("<int:pk>/stop/", wrap(self.stop), name="recommender_experiment_stop"),
            path("<int:pk>/conclude/", wrap(self.conclude), name="recommender_experiment_conclude"),
        ]
        return [*own, *super().get_urls()]

    def power(self, request: HttpRequest) -> JsonResponse:
        """Units an arm that the form's effect needs, as a sentence."""
        if not request.user.has_perm("recommender.view_experiment"):
            raise PermissionDenied("this needs the permission to view experiments")
        return JsonResponse({"text": engine.describe_power(request.GET.dict())})

    def readout(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the experiment says, and what can be done with it."""
        experiment = get_object_or_404(Experiment, pk=pk)
        if not request.user.has_perm("recommender.view_experiment"):
            raise PermissionDenied("this needs the permission to view experiments")
        facts = engine.describe_readout(experiment, with_preview="preview" in request.GET)
        context = {
            **self.admin_site.each_context(request),
            "title": experiment.name,
            "experiment": experiment,
            "opts": self.model._meta,
            "may_act": request.user.has_perm("recommender.change_experiment"),
            **facts,
        }
        return TemplateResponse(request, "recommender/admin/experiment_readout.html", context)

    @method_decorator(require_POST)
    def start(self, request: HttpRequest, pk: int) -> HttpResponseRedirect:
        """Start a draft."""
        return self._act(request, pk, "is running", lambda: engine.start_experiment(pk))

    @method_decorator(require_POST)
    def stop(self, request: HttpRequest, pk: int) -> HttpResponseRedirect:
        """Stop a running experiment."""
        text = request.POST.get("text", "")
        return self._act(request, pk, "is stopped", lambda: engine.stop_experiment(pk, text))

    @method_decorator(require_POST)
    def conclude(self, request: HttpRequest, pk: int) -> HttpResponseRedirect:
        """End an experiment with what was learnt."""
        text = request.POST.get("text", "")
        return self._act(request, pk, "is concluded", lambda: engine.conclude_experiment(pk, text))

    def _act(self, request: HttpRequest, pk: int, done: str, call: Any) -> HttpResponseRedirect:
        if not request.user.has_perm("recommender.change_experiment"):
            raise PermissionDenied("this needs the permission to change experiments")
        try:
            self.message_user(request, f"{call()} {done}; feeds follow within seconds.", messages.SUCCESS)
        except ValueError as error:
            self.message_user(request, str(error), messages.ERROR)
        return HttpResponseRedirect(reverse("admin:recommender_experiment_readout", args=[pk]))


@admin.register(FeedChoice)
class FeedChoiceAdmin(FactAdmin):
    """The log of choices that off-policy answers stand on."""

    list_display = ("request_id", "page", "viewer_id", "served_at", "market")
    list_filter = ("served_at",)
    search_fields = ("=request_id", "=viewer_id")
