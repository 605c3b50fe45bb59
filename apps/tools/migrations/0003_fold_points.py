import logging

from django.db import migrations
from django.db.models import Count

from apps.core.folding import fold

logger = logging.getLogger(__name__)

BATCH = 1000


def fold_points(apps, schema_editor):
    Point = apps.get_model("tools", "Point")
    last = 0
    while points := list(Point.objects.filter(pk__gt=last).order_by("pk").only("text")[:BATCH]):
        for point in points:
            point.folded = fold(point.text)
        Point.objects.bulk_update(points, ["folded"])
        last = points[-1].pk


def remove_equal_points(apps, schema_editor):
    """Of those that say the same keep the one of the catalogue, which would load it again, or else the oldest."""
    Point = apps.get_model("tools", "Point")
    same = Point.objects.order_by().values("tool", "kind", "folded").alias(count=Count("id")).filter(count__gt=1)
    for values in list(same):
        rows = sorted(Point.objects.filter(**values), key=lambda row: (row.origin != "catalogue", row.pk))
        for row in rows[1:]:
            logger.warning(
                "Removed pro or con %s of tool %s, which says the same as %s: %r.",
                row.pk, row.tool_id, rows[0].pk, row.text,
            )  # fmt: skip
            row.delete()


class Migration(migrations.Migration):
    dependencies = [("tools", "0002_points_by_people")]
    operations = [
        migrations.RunPython(fold_points, migrations.RunPython.noop),
        migrations.RunPython(remove_equal_points, migrations.RunPython.noop),
    ]
