from django.db import migrations

from apps.core.folding import fold

BATCH = 1000


def fold_points(apps, schema_editor):
    Point = apps.get_model("tools", "Point")
    while points := list(Point.objects.filter(folded="").only("text")[:BATCH]):
        for point in points:
            point.folded = fold(point.text)
        Point.objects.bulk_update(points, ["folded"])


class Migration(migrations.Migration):
    dependencies = [("tools", "0002_points_by_people")]
    operations = [migrations.RunPython(fold_points, migrations.RunPython.noop)]
