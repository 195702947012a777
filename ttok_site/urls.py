"""Every address of the site on one screen."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from ttok_site import operations

# Operators pass the same door as everybody: rate limits and the second factor hold for the admin too.
admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", include("merchants.urls")),
    path("", include("allauth.account.urls")),
    path("2fa/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/health/", admin.site.admin_view(operations.health), name="operations-health"),
    path("admin/markets/", admin.site.admin_view(operations.markets), name="operations-markets"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("recommender.api.urls")),
    path("api/v1/merchant/", include("merchants.api.urls")),
]
