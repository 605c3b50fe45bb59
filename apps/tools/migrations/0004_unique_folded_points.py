from django.db import migrations, models

import apps.tools.models


class Migration(migrations.Migration):
    dependencies = [("tools", "0003_fold_points")]

    operations = [
        migrations.AlterField(
            model_name="point",
            name="folded",
            field=apps.tools.models.FoldedField(editable=False, max_length=280, source="text"),
        ),
        migrations.AddConstraint(
            model_name="point",
            constraint=models.UniqueConstraint(
                fields=("tool", "kind", "folded"),
                name="point_unique",
                violation_error_message="The tool has this statement already.",
            ),
        ),
    ]
