"""What this app holds of a person: for their export, and when their account is closed."""

from typing import Any

from apps.accounts.models import User
from apps.tools.models import Point, PointAnswer, ToolFollow
from apps.tools.services.follows import unfollow_tool
from apps.tools.services.points import take_back_answers


def export_points(person: User) -> list[dict[str, Any]]:
    """The pros and cons that the person wrote."""
    columns = ("id", "kind", "text", "about", "created_at", "edited_at", "up_count", "down_count")
    rows = Point.objects.filter(author=person).order_by("id")
    return list(rows.values("tool__slug", *columns, "true_count", "outdated_count"))


def export_answers(person: User) -> list[dict[str, Any]]:
    """What the person answered to "Still true?"."""
    rows = PointAnswer.objects.filter(person=person).order_by("id")
    columns = ("point_id", "point__tool__slug", "point__text", "is_true", "answered_at")
    return list(rows.values(*columns))


def export_follows(person: User) -> list[dict[str, Any]]:
    """The tools that the person follows."""
    columns = ("tool__slug", "created_at")
    return list(ToolFollow.objects.filter(person=person).order_by("id").values(*columns))


def leave(person: User) -> None:
    """Take back follows and answers of an account that is being closed; pros and cons stay, without a name."""
    for follow in ToolFollow.objects.filter(person=person).select_related("tool"):
        unfollow_tool(person=person, tool=follow.tool)
    take_back_answers(person=person)
    Point.objects.filter(author=person).update(author=None)
