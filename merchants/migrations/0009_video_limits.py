import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0008_job_parts"),
    ]

    operations = [
        migrations.CreateModel(
            name="VideoLimit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("video_ref", models.CharField(help_text="id of the video", max_length=24)),
                ("market", models.CharField(help_text="whose viewers were asked", max_length=2)),
                (
                    "stage",
                    models.CharField(
                        help_text="blocked, gate, recall, prediction, rerank or none", max_length=12
                    ),
                ),
                ("viewer_count", models.PositiveIntegerField(help_text="viewers of the panel")),
                ("met_share", models.FloatField(help_text="0 to 1: viewers whose rules let it through")),
                (
                    "found_share",
                    models.FloatField(
                        help_text="0 to 1: of those, recall took it for; empty = nobody could meet it",
                        null=True,
                    ),
                ),
                ("usual_found_share", models.FloatField(help_text="0 to 1: the same of all videos")),
                (
                    "above_share",
                    models.FloatField(
                        help_text="0 to 1: candidates that are worth less, where it was found", null=True
                    ),
                ),
                (
                    "shown_share",
                    models.FloatField(
                        help_text="0 to 1: pages that held it, where it was among the best", null=True
                    ),
                ),
                ("usual_shown_share", models.FloatField(help_text="0 to 1: the same of all videos")),
                ("judged_at", models.DateTimeField(auto_now_add=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="merchants.account"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="videolimit",
            constraint=models.UniqueConstraint(fields=("account", "video_ref"), name="video_limit_once"),
        ),
    ]
