"""Training runs and model versions: retrain, call off, promote, roll back."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from recommender import engine
from recommender.admin.facts import FactAdmin
from recommender.models import ModelVersion, TrainingRun


@admin.register(TrainingRun)
class TrainingRunAdmin(FactAdmin):
    """Retrainings, with a button for a new one."""

    change_list_template = "recommender/admin/training_runs.html"
    list_display = ("id", "state", "percent", "step", "trigger", "created_at", "finished_at", "reason")
    list_filter = ("state", "trigger", "created_at")
    search_fields = ("=id", "reason")
    actions = ("cancel",)

    @admin.display(description="progress", ordering="progress")
    def percent(self, run: TrainingRun) -> str:
        """Progress as people read it."""
        return f"{run.progress:.0%}"

    def get_urls(self) -> list[Any]:
        """The list's addresses and that of the button."""
        view = self.admin_site.admin_view(self.retrain)
        return [path("retrain/", view, name="recommender_trainingrun_retrain"), *super().get_urls()]

    @method_decorator(require_POST)
    def retrain(self, request: HttpRequest) -> HttpResponseRedirect:
        """Ask for a retraining."""
        if request.user.has_perm("recommender.add_trainingrun"):
            run, is_new = engine.request_training("admin", request.user.pk)
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

    list_display = ("id", "state", "trained_until", "created_at", "promoted_at", "reason")
    list_filter = ("state", "created_at")
    search_fields = ("=id", "reason")
    actions = ("promote", "roll_back")

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

    def _try(self, request: HttpRequest, act: Any) -> None:
        try:
            version = act()
            self.message_user(request, f"Version {version.pk} is live.", messages.SUCCESS)
        except engine.RegistryError as error:
            self.message_user(request, str(error), messages.ERROR)
