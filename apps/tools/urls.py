from django.urls import path

from apps.tools import views

app_name = "tools"

urlpatterns = [
    path("", views.index, name="index"),
    path("in/<path:path>/", views.index, name="category"),
    path("options/", views.options, name="options"),
    path("<str:slug>/", views.detail, name="detail"),
    path("<str:slug>/alternatives/", views.alternatives, name="alternatives"),
]
