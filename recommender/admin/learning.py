"""Training runs and model versions: retrain, update, call off, promote, shadow, roll back; drift and gate."""

import json
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from recommender import engine
from recommender.admin.facts import FactAdmin
from recommender.feedback.shadow import describe_shadow
from recommender.models import ModelVersion, ShadowScore, TrainingRun


@admin.register(TrainingRun)
class TrainingRunAdmin(FactAdmin):
    """Retrainings and updates, with a button for a new one of either kind."""

    change_list_template = "recommender/admin/training_runs.html"
    list_display = (
        "id", "kind", "state", "percent", "step", "trigger", "created_at", "finished_at", "alarms", "reason",
    )  # fmt: skip
    list_filter = ("kind", "state", "trigger", "created_at")
    list_select_related = ("version",)
    search_fields = ("=id", "reason")
    actions = ("cancel",)

    @admin.display(description="progress", ordering="progress")
    def percent(self, run: TrainingRun) -> str:
        """Progress as people read it."""
        return f"{run.progress:.0%}"

    @admin.display(description="drift alarms")
    def alarms(self, run: TrainingRun) -> int | str:
        """How many figures have drifted since the fit; the version's page names them."""
        version = getattr(run, "version", None)
        return len(version.metrics.get("drift", {}).get("alarms", [])) if version is not None else "-"

    def get_urls(self) -> list[Any]:
        """The list's addresses and those of the buttons."""
        return [
            path(
                f"{word}/",
                self.admin_site.admin_view(require_POST(partial(self._start, ask))),
                name=f"recommender_trainingrun_{word}",
            )
            for word, ask in (("retrain", engine.request_training), ("update", engine.request_update))
        ] + super().get_urls()

    def _start(self, ask: Any, request: HttpRequest) -> HttpResponseRedirect:
        """Ask for a retraining or an update."""
        if request.user.has_perm("recommender.add_trainingrun"):
            run, is_new = ask("admin", request.user.pk)
            text = f"Run {run.pk} is queued." if is_new else f"Run {run.pk} is already {run.state}."
            self.message_user(request, text, messages.SUCCESS)
        else:
            self.message_user(request, "You may not start training runs.", messages.ERROR)
        return HttpResponseRedirect(reverse("admin:recommender_trainingrun_changelist"))

    @admin.action(description="Call off", permissions=["view"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[TrainingRun]) -> None:
        """Call waiting and running runs off."""
        count = sum(engine.cancel_run(run.pk) for run in queryset)
        self.message_user(request, f"{count} called off.", messages.SUCCESS)


@admin.register(ModelVersion)
class ModelVersionAdmin(FactAdmin):
    """Model versions; the live one stays live until another is promoted."""

    list_display = (
        "id", "state", "made_by", "trained_until", "created_at", "promoted_at", "taken_back_at", "reason",
    )  # fmt: skip
    list_filter = ("state", "run__kind", "created_at")
    list_select_related = ("run",)
    search_fields = ("=id", "reason")
    actions = ("promote", "put_in_shadow", "roll_back")
    readonly_fields = ("gate", "drift", "shadow")

    @admin.display(description="made by", ordering="run__kind")
    def made_by(self, version: ModelVersion) -> str:
        """The kind of run that made it."""
        return version.run.get_kind_display() if version.run is not None else "-"

    @admin.display(description="gate")
    def gate(self, version: ModelVersion) -> str:
        """What the gate measured, beside the version then live."""
        told = {name: value for name, value in version.metrics.items() if name not in ("drift", "shadow")}
        return _show(told)

    @admin.display(description="drift since the fit")
    def drift(self, version: ModelVersion) -> str:
        """Alarms first, then the features, scores and calibration behind them."""
        return _show(version.metrics.get("drift", {}))

    @admin.display(description="shadow")
    def shadow(self, version: ModelVersion) -> str:
        """How far it agrees with the live version on the pages that both scored."""
        return _show({**describe_shadow(version.pk), **version.metrics.get("shadow", {})})

    @admin.action(description="Put in shadow: score served pages, decide nothing", permissions=["view"])
    def put_in_shadow(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> None:
        """Let the one chosen version score what the live one serves."""
        if queryset.count() != 1:
            self.message_user(request, "Choose exactly one version to put in shadow.", messages.ERROR)
            return
        by = f"put in shadow by {request.user}"
        self._try(request, lambda: engine.put_in_shadow(queryset.get().pk, by), "in shadow")

    @admin.action(description="Promote: make this version live", permissions=["view"])
    def promote(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> None:
        """Make the one chosen version live."""
        if queryset.count() != 1:
            self.message_user(request, "Choose exactly one version to promote.", messages.ERROR)
            return
        self._try(request, lambda: engine.promote(queryset.get().pk, f"promoted by {request.user}"))

    @admin.action(description="Roll back: the version before the live one goes live", permissions=["view"])
    def roll_back(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> None:
        """Return to the version that was live before, whichever rows are chosen."""
        self._try(request, lambda: engine.roll_back(f"rolled back by {request.user}"))

    def _try(self, request: HttpRequest, act: Any, state: str = "live") -> None:
        try:
            version = act()
            self.message_user(request, f"Version {version.pk} is {state}.", messages.SUCCESS)
        except engine.RegistryError as error:
            self.message_user(request, str(error), messages.ERROR)


@admin.register(ShadowScore)
class ShadowScoreAdmin(FactAdmin):
    """Pages that two versions scored: the one that served them and one that decides nothing."""

    list_display = (
        "served_at", "version", "live_version", "market", "candidate_count", "overlap", "correlation",
    )  # fmt: skip
    list_filter = ("version", "market")


def _show(figures: dict[str, Any]) -> str:
    """Figures as people can read them; the alarms stand on top."""
    text = json.dumps(figures, indent=2, sort_keys=False, ensure_ascii=False)
    alarms = "\n".join(figures.get("alarms", []))
    return format_html("<pre>{}</pre>", f"{alarms}\n{text}".strip())
