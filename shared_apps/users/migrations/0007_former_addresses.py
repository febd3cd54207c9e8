from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0006_data_export"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="former_addresses",
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
    ]
