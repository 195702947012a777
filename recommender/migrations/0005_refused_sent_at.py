"""A refused event keeps the sender's clock: a replay must correct its time as the first try would have."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recommender", "0004_batch_span")]

    operations = [
        migrations.AddField(
            "refusedevent",
            "sent_at",
            models.DateTimeField(null=True, help_text="the sender's clock when the batch left"),
        )
    ]
