"""Addresses under /advice/."""

from django.urls import path, re_path

from apps.advice.views.placeholders import missing

app_name = "advice"

# Of one thread; the slug is for people, the number says which. 18 digits fit into the column.
_POST = r"^(?P<pk>\d{1,18})-(?P<slug>[a-z0-9-]*)/"

urlpatterns = [
    # B2: lists and writing.
    path("", missing, name="index"),
    path("ask/", missing, name="ask"),
    path("decide/", missing, name="decide"),
    path("preview/", missing, name="preview"),
    path("similar/", missing, name="similar"),
    path("drafts/", missing, name="drafts"),
    path("drafts/save/", missing, name="save-draft"),
    path("drafts/<int:pk>/delete/", missing, name="delete-draft"),
    re_path(rf"{_POST}edit/$", missing, name="edit"),
    # B1: a thread and what people do in it.
    re_path(rf"{_POST}$", missing, name="detail"),
    re_path(rf"{_POST}remove/$", missing, name="remove"),
    re_path(rf"{_POST}restore/$", missing, name="restore"),
    re_path(rf"{_POST}history/$", missing, name="history"),
    re_path(rf"{_POST}reply/$", missing, name="add-reply"),
    re_path(rf"{_POST}comment/$", missing, name="add-comment"),
    re_path(rf"{_POST}outcome/$", missing, name="outcome"),
    path("replies/<int:pk>/", missing, name="reply"),
    path("replies/<int:pk>/edit/", missing, name="edit-reply"),
    path("replies/<int:pk>/remove/", missing, name="remove-reply"),
    path("replies/<int:pk>/restore/", missing, name="restore-reply"),
    path("replies/<int:pk>/accept/", missing, name="accept"),
    path("replies/<int:pk>/history/", missing, name="reply-history"),
    path("replies/<int:pk>/comment/", missing, name="comment-reply"),
    path("comments/<int:pk>/", missing, name="comment"),
    path("comments/<int:pk>/edit/", missing, name="edit-comment"),
    path("comments/<int:pk>/remove/", missing, name="remove-comment"),
    path("comments/<int:pk>/restore/", missing, name="restore-comment"),
    path("comments/<int:pk>/history/", missing, name="comment-history"),
    # A2: the record of a decision.
    re_path(rf"{_POST}adr\.md$", missing, name="adr"),
    # D: Atom.
    re_path(rf"{_POST}replies\.atom$", missing, name="atom-thread"),
    path("latest.atom", missing, name="atom"),
    path("tools/<str:slugs>.atom", missing, name="atom-tools"),
    path("people/<str:username>.atom", missing, name="atom-person"),
    path("categories/<path:path>.atom", missing, name="atom-category"),
]
