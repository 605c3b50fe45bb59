"""Includes only; each app names its own addresses."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("tools/", include("apps.tools.urls")),
    path("stackups/", include("apps.comparisons.urls")),
    path("", include("apps.pages.urls")),
]

handler400 = "apps.pages.views.errors.bad_request"
handler403 = "apps.pages.views.errors.forbidden"
handler404 = "apps.pages.views.errors.not_found"
handler500 = "apps.pages.views.errors.server_error"
