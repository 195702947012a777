"""Hourly counts under a key of one column, which the admin needs to list them."""

from django.db import migrations, models

CREATE_VIEW = """
CREATE VIEW recommender_rolluprow AS
SELECT to_char(hour_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24') || '/' || video_id || '/' || market || '/' || source
           AS key,
       hour_at, video_id, market, source, impression_count, watch_count, watch_ms, finish_count, like_count,
       share_count, cart_click_count, order_count
  FROM recommender_hourlyrollup
"""


class Migration(migrations.Migration):
    dependencies = [("recommender", "0006_viewer_state_times")]

    operations = [
        migrations.RunSQL(CREATE_VIEW, "DROP VIEW recommender_rolluprow"),
        migrations.CreateModel(
            name="RollupRow",
            fields=[
                (
                    "key",
                    models.CharField(
                        help_text="hour / video / market / source",
                        max_length=80,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("hour_at", models.DateTimeField()),
                ("video_id", models.BigIntegerField()),
                (
                    "market",
                    models.SmallIntegerField(help_text="position in markets.MARKET_CODES, -1 elsewhere"),
                ),
                ("source", models.SmallIntegerField(help_text="position in contracts.TRAFFIC_SOURCES")),
                ("impression_count", models.BigIntegerField()),
                ("watch_count", models.BigIntegerField()),
                ("watch_ms", models.BigIntegerField(help_text="milliseconds")),
                ("finish_count", models.BigIntegerField()),
                ("like_count", models.BigIntegerField()),
                ("share_count", models.BigIntegerField()),
                ("cart_click_count", models.BigIntegerField()),
                ("order_count", models.BigIntegerField()),
            ],
            options={"verbose_name": "hourly count", "db_table": "recommender_rolluprow", "managed": False},
        ),
    ]
