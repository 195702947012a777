"""The engine's API, version 1."""

from csp.decorators import csp_update
from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from recommender.api.catalog import CreatorPictureView, CreatorsView, VideosView
from recommender.api.events import EventsView
from recommender.api.experiments import (
    ConcludeExperimentView,
    ExperimentsView,
    ExperimentView,
    PowerView,
    PreviewExperimentView,
    ReadoutView,
    StartExperimentView,
    StopExperimentView,
)
from recommender.api.feed import FeedView, ViewersView
from recommender.api.metrics import MetricsView, RefusedEventsView, ReplayView
from recommender.api.newcomers import ExposureView, GroupsView, VideoStagesView
from recommender.api.search import SearchClicksView, SearchView
from recommender.api.training import (
    ModelVersionsView,
    PromoteView,
    RollBackView,
    TrainingRunsView,
    TrainingRunView,
)
from recommender.api.wishes import MutesView, ResetView, WhyView

app_name = "api"

# The try-it page keeps its script in a file of ours, but sets styles on its elements itself.
docs = csp_update({"style-src": ["'unsafe-inline'"]})(
    SpectacularSwaggerSplitView.as_view(url_name="api:openapi")
)

urlpatterns = [
    path("events", EventsView.as_view(), name="events"),
    path("refused-events", RefusedEventsView.as_view(), name="refused-events"),
    path("refused-events/replay", ReplayView.as_view(), name="replay"),
    path("feed", FeedView.as_view(), name="feed"),
    path("viewers", ViewersView.as_view(), name="viewers"),
    path("viewers/<int:pk>/wishes", MutesView.as_view(), name="wishes"),
    path("viewers/<int:pk>/reset", ResetView.as_view(), name="reset"),
    path("viewers/<int:pk>/why", WhyView.as_view(), name="why"),
    path("viewer-groups", GroupsView.as_view(), name="viewer-groups"),
    path("creators", CreatorsView.as_view(), name="creators"),
    path("creators/<int:pk>/avatar", CreatorPictureView.as_view(), name="creator-avatar"),
    path("search", SearchView.as_view(), name="search"),
    path("search/clicks", SearchClicksView.as_view(), name="search-clicks"),
    path("videos", VideosView.as_view(), name="videos"),
    path("videos/<int:pk>/stages", VideoStagesView.as_view(), name="video-stages"),
    path("exposure", ExposureView.as_view(), name="exposure"),
    path("training-runs", TrainingRunsView.as_view(), name="training-runs"),
    path("training-runs/<int:pk>", TrainingRunView.as_view(), name="training-run"),
    path("model-versions", ModelVersionsView.as_view(), name="model-versions"),
    path("model-versions/roll-back", RollBackView.as_view(), name="roll-back"),
    path("model-versions/<int:pk>/promote", PromoteView.as_view(), name="promote"),
    path("experiments", ExperimentsView.as_view(), name="experiments"),
    path("experiments/power", PowerView.as_view(), name="experiment-power"),
    path("experiments/<int:pk>", ExperimentView.as_view(), name="experiment"),
    path("experiments/<int:pk>/preview", PreviewExperimentView.as_view(), name="experiment-preview"),
    path("experiments/<int:pk>/start", StartExperimentView.as_view(), name="experiment-start"),
    path("experiments/<int:pk>/readout", ReadoutView.as_view(), name="experiment-readout"),
    path("experiments/<int:pk>/stop", StopExperimentView.as_view(), name="experiment-stop"),
    path("experiments/<int:pk>/conclude", ConcludeExperimentView.as_view(), name="experiment-conclude"),
    path("metrics", MetricsView.as_view(), name="metrics"),
    path("openapi.json", SpectacularAPIView.as_view(), name="openapi"),
    path("docs", docs, name="docs"),
]
