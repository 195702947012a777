"""The merchant's API, version 1, below /api/v1/merchant/."""

from django.urls import path

from merchants.api import figures, imports, keeping
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
    path("accounts/<int:account_id>/imports", imports.ImportsView.as_view(), name="imports"),
    path("imports/<int:import_id>/undo", imports.UndoImportView.as_view(), name="import-undo"),
    path("accounts/<int:account_id>/notes", keeping.NotesView.as_view(), name="notes"),
    path("accounts/<int:account_id>/alerts", keeping.FiringsView.as_view(), name="alerts"),
    path("accounts/<int:account_id>/niche", NicheView.as_view(), name="niche"),
    path("accounts/<int:account_id>/search-rank", RankView.as_view(), name="search-rank"),
    path("reach", ReachView.as_view(), name="reach"),
    path("reach/<int:job_id>", ReachOneView.as_view(), name="reach-one"),
    path("reach/<int:job_id>/compare/<int:other_id>", ReachComparisonView.as_view(), name="reach-compare"),
]
