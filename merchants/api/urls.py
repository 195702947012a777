"""The merchant's API, version 1, below /api/v1/merchant/."""

from django.urls import path

from merchants.api.reach import ReachComparisonView, ReachOneView, ReachView
from merchants.api.views import AccountsView

app_name = "merchant-api"

urlpatterns = [
    path("accounts", AccountsView.as_view(), name="accounts"),
    path("reach", ReachView.as_view(), name="reach"),
    path("reach/<int:job_id>", ReachOneView.as_view(), name="reach-one"),
    path("reach/<int:job_id>/compare/<int:other_id>", ReachComparisonView.as_view(), name="reach-compare"),
]
