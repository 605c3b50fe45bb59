from django.urls import path

from apps.api import views

app_name = "api"

urlpatterns = [
    path("me/", views.me, name="me"),
    path("<path:rest>", views.nothing_here),
]
