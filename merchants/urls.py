"""What merchants open in a browser."""

from django.urls import path

from merchants.alerts import views as alerts
from merchants.dashboard import card_views as cards
from merchants.dashboard import export_views as exports
from merchants.dashboard import views as dashboard
from merchants.imports import views as imports
from merchants.niche import views as niche
from merchants.onboarding import views as onboarding
from merchants.preview import views as preview
from merchants.reach import views as reach
from merchants.reports import views as reports
from merchants.search import views as search
from merchants.sharing import views as sharing
from merchants.shell import views as shell
from merchants.team import views as team
from merchants.webhooks import views as webhooks

urlpatterns = [
    path("", dashboard.overview, name="overview"),
    path("cards/key-figures/", cards.key_figures, name="card-key-figures"),
    path("cards/trend/", cards.trend, name="card-trend"),
    path("cards/changes/", cards.changes, name="card-changes"),
    path("cards/funnel/", cards.funnel, name="card-funnel"),
    path("cards/parts/<str:name>/", cards.parts, name="card-parts"),
    path("cards/hours/", cards.hours, name="card-hours"),
    path("cards/top-videos/", cards.top_videos, name="card-top-videos"),
    path("cards/videos/", cards.video_table, name="card-video-table"),
    path("videos/", dashboard.videos, name="videos"),
    path("videos/<str:video_ref>/", dashboard.video, name="video"),
    path("videos/<str:video_ref>/trend/", cards.video_trend, name="card-video-trend"),
    path("videos/<str:video_ref>/retention/", cards.video_retention, name="card-video-retention"),
    path("videos/<str:video_ref>/stages/", cards.video_stages, name="card-video-stages"),
    path("videos/<str:video_ref>/markets/", cards.video_markets, name="card-video-markets"),
    path("export/<str:name>.<str:file_format>", exports.export, name="export"),
    path("notes/add/", dashboard.add_note, name="note-add"),
    path("notes/<int:note_id>/remove/", dashboard.remove_note, name="note-remove"),
    path("views/save/", dashboard.save_view, name="view-save"),
    path("views/<int:view_id>/remove/", dashboard.remove_view, name="view-remove"),
    path("imports/", imports.imports, name="imports"),
    path("imports/preview/", imports.preview, name="imports-preview"),
    path("imports/<int:import_id>/undo/", imports.undo, name="import-undo"),
    path("welcome/", onboarding.welcome, name="welcome"),
    path("welcome/sample/", onboarding.add_sample, name="sample-add"),
    path("accounts/connect/", onboarding.connect, name="account-connect"),
    path("accounts/<int:account_id>/", onboarding.edit, name="account-edit"),
    path("accounts/<int:account_id>/remove-sample/", onboarding.remove_sample, name="sample-remove"),
    path("accounts/<int:account_id>/picture/", onboarding.picture, name="account-picture"),
    path("settings/", team.accounts, name="settings"),
    path("settings/accounts/", team.accounts, name="settings-accounts"),
    path("settings/people/", team.people, name="settings-people"),
    path("settings/people/<int:membership_id>/", team.change_member, name="member-change"),
    path("settings/invitations/<int:invitation_id>/", team.withdraw, name="invitation-withdraw"),
    path("settings/team/", team.rename, name="team-rename"),
    path("settings/keys/", team.api_keys, name="settings-keys"),
    path("settings/keys/<int:key_id>/revoke/", team.revoke_key, name="key-revoke"),
    path("settings/audit/", team.audit, name="settings-audit"),
    path("settings/login/", team.security, name="settings-security"),
    path("settings/webhooks/", webhooks.webhooks, name="webhooks"),
    path("settings/webhooks/<int:endpoint_id>/", webhooks.change, name="webhook-change"),
    path("settings/webhooks/deliveries/<int:delivery_id>/again/", webhooks.again, name="webhook-again"),
    path("settings/links/", sharing.share_links, name="share-links"),
    path("settings/links/<int:link_id>/", sharing.change, name="share-link-change"),
    path("s/<str:token>/", sharing.shared, name="shared"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/test/", alerts.test, name="alert-test"),
    path("alerts/seen/", alerts.see, name="alerts-seen"),
    path("alerts/<int:rule_id>/", alerts.change, name="alert-change"),
    path("reports/", reports.reports, name="reports"),
    path("reports/<int:schedule_id>/", reports.change, name="report-change"),
    path("reports/<int:schedule_id>/look/", reports.look, name="report-look"),
    path("join/<str:token>/", team.join, name="team-join"),
    path("theme/", shell.set_theme, name="set-theme"),
    path("niche/", niche.niche, name="niche"),
    path("niche/what-if/", niche.what_if, name="niche-what-if"),
    path("niche/avatar/<int:account_id>/", niche.avatar, name="niche-avatar"),
    path("search/", search.search, name="search"),
    path("search/faces/<int:creator_id>/", search.face, name="search-face"),
    path("preview/", preview.home, name="preview"),
    path("preview/<int:viewer_id>/", preview.preview, name="preview-feed"),
    path("preview/<int:viewer_id>/why/", preview.why, name="preview-why"),
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
