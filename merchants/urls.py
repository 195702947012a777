"""What merchants open in a browser."""

from django.urls import path

from merchants.dashboard import views as dashboard
from merchants.preview import views as preview
from merchants.reach import views as reach
from merchants.shell import views as shell

urlpatterns = [
    path("", dashboard.overview, name="overview"),
    path("theme/", shell.set_theme, name="set-theme"),
    path("preview/", preview.home, name="preview"),
    path("preview/<int:viewer_id>/", preview.preview, name="preview-feed"),
    path("preview/<int:viewer_id>/react/", preview.react, name="preview-react"),
    path("reach/", reach.home, name="reach"),
    path("reach/new/", reach.new, name="reach-new"),
    path("reach/backtest/", reach.backtest, name="reach-backtest"),
    path("reach/<int:job_id>/", reach.run, name="reach-run"),
    path("reach/<int:job_id>/progress/", reach.progress, name="reach-progress"),
    path("reach/<int:job_id>/result/", reach.result, name="reach-result"),
    path("reach/<int:job_id>/cancel/", reach.cancel, name="reach-cancel"),
    path("reach/<int:job_id>/observe/", reach.observe, name="reach-observe"),
    path("reach/<int:job_id>/compare/<int:other_id>/", reach.compare, name="reach-compare"),
]
