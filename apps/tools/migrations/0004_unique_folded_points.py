from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tools", "0003_fold_points")]

    operations = [
        migrations.AddConstraint(
            model_name="point",
            constraint=models.UniqueConstraint(
                fields=("tool", "kind", "folded"),
                name="point_unique",
                violation_error_message="The tool has this statement already.",
            ),
        ),
    ]
