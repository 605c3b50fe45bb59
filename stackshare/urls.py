"""Includes only; each app names its own addresses."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("apps.accounts.urls")),
    path("notifications/", include("apps.notifications.urls")),
    path("tools/", include("apps.tools.urls")),
    path("", include("apps.stacks.urls")),
    path("advice/", include("apps.advice.urls")),
    path("stackups/", include("apps.comparisons.urls")),
    path("votes/", include("apps.votes.urls")),
    path("api/v1/", include("apps.api.urls")),
    path("", include("apps.pages.urls")),
]

handler429 = "apps.pages.views.errors.too_many_requests"
handler400 = "apps.pages.views.errors.bad_request"
handler403 = "apps.pages.views.errors.forbidden"
handler404 = "apps.pages.views.errors.not_found"
handler500 = "apps.pages.views.errors.server_error"
