"""Watch time in whole milliseconds: sums of floats depend on their order, a recount must agree exactly."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recommender", "0002_event_partitions")]

    operations = [
        migrations.RemoveField("hourlyrollup", "watch_seconds"),
        migrations.AddField(
            "hourlyrollup",
            "watch_ms",
            models.BigIntegerField(default=0, help_text="milliseconds: whole numbers add up exactly"),
        ),
    ]
