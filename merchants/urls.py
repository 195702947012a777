"""What merchants open in a browser."""

from django.urls import path

from merchants.dashboard import views as dashboard
from merchants.niche import views as niche
from merchants.preview import views as preview
from merchants.search import views as search
from merchants.shell import views as shell

urlpatterns = [
    path("", dashboard.overview, name="overview"),
    path("theme/", shell.set_theme, name="set-theme"),
    path("niche/", niche.niche, name="niche"),
    path("niche/what-if/", niche.what_if, name="niche-what-if"),
    path("niche/avatar/<int:account_id>/", niche.avatar, name="niche-avatar"),
    path("search/", search.search, name="search"),
    path("preview/", preview.home, name="preview"),
    path("preview/<int:viewer_id>/", preview.preview, name="preview-feed"),
    path("preview/<int:viewer_id>/react/", preview.react, name="preview-react"),
]
