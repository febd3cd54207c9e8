"""A migration that runs Python in each tenant, so it cannot be replayed as text."""

from django.db import migrations


def rename_owner(apps, schema_editor):
    member = apps.get_model("members", "Member")
    alias = schema_editor.connection.alias
    member.objects.using(alias).filter(capabilities__contains=["owner"]).update(name="Renamed")


class Migration(migrations.Migration):
    initial = True
    dependencies = [("members", "0001_initial")]
    operations = [migrations.RunPython(rename_owner, migrations.RunPython.noop)]
