"""The viewer's state keeps the time of each entry, so that it ends the same in whatever order they come."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

TIME_COLUMNS = {
    "recent_like_at": (
        models.FloatField(),
        "unix seconds of the last like, negative = of the last unlike, 0 = neither",
    ),
    "followed_at": (models.FloatField(), "unix seconds"),
    "blocked_at": (models.FloatField(), "unix seconds"),
    "searched_at": (models.FloatField(), "unix seconds"),
    "seen_at": (models.IntegerField(), "unix seconds, whole"),
}


class Migration(migrations.Migration):
    dependencies = [("recommender", "0005_refused_sent_at")]

    operations = [
        *(
            migrations.AddField("viewerstate", name, ArrayField(base, default=list, help_text=text))
            for name, (base, text) in TIME_COLUMNS.items()
        ),
        migrations.AlterField(
            "viewerstate",
            "recent_watch_seconds",
            ArrayField(
                models.FloatField(),
                default=list,
                help_text="longest watch in seconds, NaN = not known",
                size=None,
            ),
        ),
        # Every event rewrites its viewer's row; room on the page lets PostgreSQL do that without the index.
        migrations.RunSQL(
            "ALTER TABLE recommender_viewerstate SET (fillfactor = 60)",
            "ALTER TABLE recommender_viewerstate RESET (fillfactor)",
        ),
    ]
