"""A batch knows the times of its events, so that rolling it up reads only the partitions it touched."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recommender", "0003_rollup_watch_ms")]

    operations = [
        migrations.AddField(
            "eventbatch",
            "first_at",
            models.DateTimeField(null=True, help_text="oldest stored event; empty = none stored"),
        ),
        migrations.AddField(
            "eventbatch", "last_at", models.DateTimeField(null=True, help_text="newest stored event")
        ),
    ]
