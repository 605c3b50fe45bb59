"""Addresses. First parts under /stacks/ that are no owner's name are reserved in apps/accounts/usernames.py."""

app_name = "stacks"

urlpatterns: list[object] = []
