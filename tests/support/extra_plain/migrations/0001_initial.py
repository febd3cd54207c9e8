from django.db import migrations, models

import shared_apps.core.fields


class Migration(migrations.Migration):
    initial = True
    dependencies = [("members", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", shared_apps.core.fields.UUIDv7Field(serialize=False)),
                ("text", models.CharField(max_length=100)),
                ("rank", models.PositiveIntegerField(default=0)),
            ],
            options={
                "abstract": False,
                "default_manager_name": "objects",
                "base_manager_name": "objects",
            },
        ),
    ]
