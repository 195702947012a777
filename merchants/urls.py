"""What merchants open in a browser."""

from django.urls import path

from merchants.dashboard import views as dashboard
from merchants.preview import views as preview
from merchants.shell import views as shell

urlpatterns = [
    path("", dashboard.overview, name="overview"),
    path("theme/", shell.set_theme, name="set-theme"),
    path("preview/", preview.home, name="preview"),
    path("preview/<int:viewer_id>/", preview.preview, name="preview-feed"),
    path("preview/<int:viewer_id>/react/", preview.react, name="preview-react"),
]
