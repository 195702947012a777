"""The merchant's API, version 1, below /api/v1/merchant/."""

from django.urls import path

from merchants.api.views import AccountsView

app_name = "merchant-api"

urlpatterns = [
    path("accounts", AccountsView.as_view(), name="accounts"),
]
