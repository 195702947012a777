"""The merchant's API, version 1, below /api/v1/merchant/."""

from django.urls import path

from merchants.api import figures, imports, keeping, sending, sharing, videos
from merchants.api.niche import NicheView, RankView
from merchants.api.reach import ReachComparisonView, ReachOneView, ReachView
from merchants.api.views import AccountsView

app_name = "merchant-api"

urlpatterns = [
    path("accounts", AccountsView.as_view(), name="accounts"),
    path("accounts/<int:account_id>/days", figures.DaysView.as_view(), name="days"),
    path("accounts/<int:account_id>/key-figures", figures.KeyFiguresView.as_view(), name="key-figures"),
    path("accounts/<int:account_id>/parts/<str:facet>", figures.PartsView.as_view(), name="parts"),
    path("accounts/<int:account_id>/hours", figures.HoursView.as_view(), name="hours"),
    path("accounts/<int:account_id>/funnel", figures.FunnelView.as_view(), name="funnel"),
    path("accounts/<int:account_id>/changes", figures.ChangesView.as_view(), name="changes"),
    path("accounts/<int:account_id>/videos", figures.VideosView.as_view(), name="videos"),
    path(
        "accounts/<int:account_id>/videos/<str:video_ref>/stage",
        videos.VideoStageView.as_view(),
        name="video-stage",
    ),
    path("groups", videos.AudienceGroupsView.as_view(), name="groups"),
    path("accounts/<int:account_id>/imports", imports.ImportsView.as_view(), name="imports"),
    path("imports/<int:import_id>/undo", imports.UndoImportView.as_view(), name="import-undo"),
    path("accounts/<int:account_id>/notes", keeping.NotesView.as_view(), name="notes"),
    path("accounts/<int:account_id>/alerts", keeping.FiringsView.as_view(), name="alerts"),
    path("accounts/<int:account_id>/reports", sending.ReportsView.as_view(), name="reports"),
    path("reports/<int:report_id>", sending.ReportView.as_view(), name="report"),
    path("webhooks", sending.WebhooksView.as_view(), name="webhooks"),
    path("webhooks/<int:webhook_id>", sending.WebhookView.as_view(), name="webhook"),
    path("webhooks/deliveries", sending.DeliveriesView.as_view(), name="webhook-deliveries"),
    path("accounts/<int:account_id>/links", sharing.LinksView.as_view(), name="links"),
    path("links/<int:link_id>", sharing.LinkView.as_view(), name="link"),
    path("accounts/<int:account_id>/views", sharing.SavedViewsView.as_view(), name="views"),
    path("views/<int:view_id>", sharing.SavedViewView.as_view(), name="view"),
    path("accounts/<int:account_id>/niche", NicheView.as_view(), name="niche"),
    path("accounts/<int:account_id>/search-rank", RankView.as_view(), name="search-rank"),
    path("reach", ReachView.as_view(), name="reach"),
    path("reach/<int:job_id>", ReachOneView.as_view(), name="reach-one"),
    path("reach/<int:job_id>/compare/<int:other_id>", ReachComparisonView.as_view(), name="reach-compare"),
]
