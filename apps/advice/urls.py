"""Addresses under /advice/."""

from django.urls import path, re_path

from apps.advice.views import asking, assistance, comments, feeds, lists, records, replies, threads

app_name = "advice"

# Of one thread; the slug is for people, the number says which. 18 digits fit into the column.
_POST = r"^(?P<pk>\d{1,18})-(?P<slug>[a-z0-9-]*)/"

urlpatterns = [
    # Lists and writing.
    path("", lists.index, name="index"),
    path("ask/", asking.ask, name="ask"),
    path("decide/", asking.decide, name="decide"),
    path("preview/", assistance.preview, name="preview"),
    path("similar/", assistance.similar, name="similar"),
    path("drafts/", asking.drafts, name="drafts"),
    path("drafts/save/", asking.save_draft, name="save-draft"),
    path("drafts/<int:pk>/delete/", asking.delete_draft, name="delete-draft"),
    re_path(rf"{_POST}edit/$", asking.edit, name="edit"),
    # A thread and what people do in it.
    re_path(rf"{_POST}$", threads.detail, name="detail"),
    re_path(rf"{_POST}remove/$", threads.remove, name="remove"),
    re_path(rf"{_POST}restore/$", threads.restore, name="restore"),
    re_path(rf"{_POST}history/$", threads.history, name="history"),
    re_path(rf"{_POST}reply/$", replies.add, name="add-reply"),
    re_path(rf"{_POST}comment/$", comments.add, name="add-comment"),
    re_path(rf"{_POST}outcome/$", threads.outcome, name="outcome"),
    path("replies/<int:pk>/", replies.reply, name="reply"),
    path("replies/<int:pk>/edit/", replies.edit, name="edit-reply"),
    path("replies/<int:pk>/remove/", replies.remove, name="remove-reply"),
    path("replies/<int:pk>/restore/", replies.restore, name="restore-reply"),
    path("replies/<int:pk>/accept/", replies.accept, name="accept"),
    path("replies/<int:pk>/history/", replies.history, name="reply-history"),
    path("replies/<int:pk>/comment/", comments.add_to_reply, name="comment-reply"),
    path("comments/<int:pk>/", comments.comment, name="comment"),
    path("comments/<int:pk>/edit/", comments.edit, name="edit-comment"),
    path("comments/<int:pk>/remove/", comments.remove, name="remove-comment"),
    path("comments/<int:pk>/restore/", comments.restore, name="restore-comment"),
    path("comments/<int:pk>/history/", comments.history, name="comment-history"),
    # The record of a decision.
    re_path(rf"{_POST}adr\.md$", records.adr, name="adr"),
    # Atom.
    re_path(rf"{_POST}replies\.atom$", feeds.of_thread, name="atom-thread"),
    path("latest.atom", feeds.latest, name="atom"),
    path("tools/<str:slugs>.atom", feeds.of_tools, name="atom-tools"),
    path("people/<str:username>.atom", feeds.of_person, name="atom-person"),
    path("categories/<path:path>.atom", feeds.of_category, name="atom-category"),
]
