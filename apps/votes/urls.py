from django.urls import path

from apps.votes import views

app_name = "votes"

urlpatterns = [
    path("<str:kind>/<int:pk>/", views.cast, name="cast"),
]
