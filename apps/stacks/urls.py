"""Addresses. First parts under /stacks/ that are no owner's name are reserved in apps/accounts/usernames.py."""

from django.urls import path

from apps.stacks.views import companies, editing, items, proofs, readings, sharing, stacks

app_name = "stacks"

# Of one stack.
_STACK = "stacks/<str:owner>/<str:slug>/"

urlpatterns = [
    path("stacks/", stacks.index, name="index"),
    path("stacks/new/", editing.new, name="new"),
    path("stacks/new/import/", readings.import_files, name="import"),
    path("stacks/new/<int:pk>/", readings.reading, name="reading"),
    path(_STACK, stacks.detail, name="detail"),
    path(f"{_STACK}history/", stacks.history, name="history"),
    path(f"{_STACK}copy/", stacks.copy, name="copy"),
    path(f"{_STACK}edit/", editing.edit, name="edit"),
    path(f"{_STACK}delete/", editing.delete, name="delete"),
    path(f"{_STACK}proof/", proofs.stack_proof, name="proof"),
    path(f"{_STACK}items/", items.add, name="add-items"),
    path(f"{_STACK}items/<int:pk>/", items.item, name="item"),
    path(f"{_STACK}items/<int:pk>/move/", items.move, name="move-item"),
    path(f"{_STACK}items/<int:pk>/drop/", items.drop, name="drop-item"),
    path(f"{_STACK}items/<int:pk>/restore/", items.restore, name="restore-item"),
    path(f"{_STACK}items/<int:pk>/erase/", items.erase, name="erase-item"),
    path(f"{_STACK}badge.svg", sharing.badge, name="badge"),
    path(f"{_STACK}embed/", sharing.embed, name="embed"),
    path(f"{_STACK}share/", sharing.share, name="share"),
    path(f"{_STACK}export/<str:format>/", sharing.export, name="export"),
    path("companies/", companies.index, name="companies"),
    path("companies/new/", companies.new, name="new-company"),
    path("companies/<str:slug>/", companies.company, name="company"),
    path("companies/<str:slug>/edit/", companies.edit, name="edit-company"),
    path("companies/<str:slug>/join/", companies.join, name="join"),
    path("companies/<str:slug>/leave/", companies.leave, name="leave"),
    path("companies/<str:slug>/members/", companies.members, name="members"),
    path("companies/<str:slug>/proof/", proofs.company_proof, name="company-proof"),
]
