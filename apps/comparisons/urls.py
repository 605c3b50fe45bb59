from django.urls import path

from apps.comparisons import views

app_name = "comparisons"

urlpatterns = [
    path("", views.index, name="index"),
    path("compare/", views.compare, name="compare"),
    path("<str:slugs>/", views.detail, name="detail"),
]
