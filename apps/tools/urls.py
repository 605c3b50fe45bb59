from django.urls import path

from apps.tools.views import follows, points, refresh, tools, trending

app_name = "tools"

# First parts that are no tool's slug are named in catalogue.RESERVED_SLUGS.
urlpatterns = [
    path("", tools.index, name="index"),
    path("in/<path:path>/", tools.index, name="category"),
    path("options/", tools.options, name="options"),
    path("trending/", trending.trending, name="trending"),
    path("points/<int:pk>/", points.point, name="point"),
    path("points/<int:pk>/edit/", points.edit_point, name="edit-point"),
    path("points/<int:pk>/remove/", points.remove_point, name="remove-point"),
    path("points/<int:pk>/answer/", points.answer_point, name="answer-point"),
    path("<str:slug>/", tools.detail, name="detail"),
    path("<str:slug>/alternatives/", tools.alternatives, name="alternatives"),
    path("<slug:slug>/follow/", follows.follow, name="follow"),
    path("<slug:slug>/refresh/", refresh.refresh, name="refresh"),
    path("<str:slug>/pros-and-cons/", points.points, name="points"),
    path("<str:slug>/pros-and-cons/add/", points.add_point, name="add-point"),
    path("<slug:slug>/pros-and-cons/similar/", points.similar_points, name="similar-points"),
]
