from django.urls import path

from apps.api.views.base import NothingHereView
from apps.api.views.detection import DetectionView, PublishView, ReadingsView, ReadingView
from apps.api.views.items import ItemsView, ItemView
from apps.api.views.me import MeView
from apps.api.views.schema import SchemaView
from apps.api.views.stacks import EvidenceView, HistoryView, StacksView, StackView

app_name = "api"

_STACK = "stacks/<str:owner>/<str:slug>/"

urlpatterns = [
    path("me/", MeView.as_view(), name="me"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("detect", DetectionView.as_view(), name="detect"),
    # As all others are written.
    path("detect/", DetectionView.as_view(schema=None)),
    path("readings/", ReadingsView.as_view(), name="readings"),
    path("readings/<int:pk>/", ReadingView.as_view(), name="reading"),
    path("readings/<int:pk>/publish/", PublishView.as_view(), name="publish"),
    path("stacks/", StacksView.as_view(), name="stacks"),
    path(_STACK, StackView.as_view(), name="stack"),
    path(f"{_STACK}items/", ItemsView.as_view(), name="items"),
    path(f"{_STACK}items/<str:tool>/", ItemView.as_view(), name="item"),
    path(f"{_STACK}evidence/", EvidenceView.as_view(), name="evidence"),
    path(f"{_STACK}history/", HistoryView.as_view(), name="history"),
    path("<path:rest>", NothingHereView.as_view()),
]
