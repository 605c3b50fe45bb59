"""Following tools. A repeated click is success."""

from django.db import transaction
from django.db.models import F

from apps.accounts.models import User
from apps.accounts.permissions import check_takes_part
from apps.tools.models import Tool, ToolFollow


@transaction.atomic
def follow_tool(*, person: User, tool: Tool) -> Tool:
    """`person` follows `tool` from now on; answers the tool with its count. Raises `PermissionDenied`."""
    check_takes_part(person)
    locked = _lock(tool)
    _, is_new = ToolFollow.objects.get_or_create(person=person, tool=locked)
    return _count(locked, int(is_new))


@transaction.atomic
def unfollow_tool(*, person: User, tool: Tool) -> Tool:
    """`person` follows `tool` no more; answers the tool with its count."""
    locked = _lock(tool)
    gone, _ = ToolFollow.objects.filter(person=person, tool=locked).delete()
    return _count(locked, -gone)


def _lock(tool: Tool) -> Tool:
    # `no_key`: others go on to write rows that point to this tool.
    return Tool.objects.select_for_update(no_key=True).get(pk=tool.pk)


def _count(tool: Tool, change: int) -> Tool:
    if change:
        Tool.objects.filter(pk=tool.pk).update(follower_count=F("follower_count") + change)
        tool.follower_count += change
    return tool
