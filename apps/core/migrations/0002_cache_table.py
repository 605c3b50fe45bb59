from django.core.management import call_command
from django.db import migrations


def create_table(apps, schema_editor):
    call_command("createcachetable", "core_cache", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    """The table of the cache that stands in for Redis; Django's own command makes it."""

    dependencies = [("core", "0001_outgoing_mail")]
    operations = [migrations.RunPython(create_table, migrations.RunPython.noop)]
