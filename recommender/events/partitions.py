"""Day partitions of the event table: made ahead by the beat, and on demand by a batch that needs one.

There is no default partition: the rules of `events.clock` keep 1970 and 2099 out. A partition is attached,
not created in place, because attaching does not stop the writers of other days.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone
from psycopg import sql

from recommender.events import limits
from recommender.events.clock import DAY, EPOCH

#: Any number will do as long as nothing else locks it: it keeps two processes from making the same day.
_LOCK = 7_301_551
#: Days that exist, by database name; a process asks the database about a day once.
_known: dict[str, set[int]] = {}


def name_partition(day: date) -> str:
    """Table name of a day's events."""
    return f"recommender_event_{day:%Y%m%d}"


def ensure_days(happened: Iterable[int]) -> list[str]:
    """Make the partitions that some times (microseconds since 1970) fall into; the names of new ones."""
    known = _known.setdefault(str(connection.settings_dict["NAME"]), set())
    missing = sorted({moment // DAY for moment in happened} - known)
    if not missing:
        return []
    made = _make([(EPOCH + timedelta(days=number)).date() for number in missing])
    known.update(missing)
    return made


def ensure_partitions(ahead_days: int = limits.PARTITIONS_AHEAD_DAYS) -> list[str]:
    """Make today's partition and those of the next days; the names of new ones."""
    today = timezone.now().date()
    return _make([today + timedelta(days=offset) for offset in range(-1, ahead_days + 1)])


def forget_partitions() -> None:
    """Ask the database again: after a partition was dropped, or a test rolled one back."""
    _known.clear()


def _make(days: list[date]) -> list[str]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname = ANY(%s)", [[name_partition(day) for day in days]]
        )
        existing = {name for (name,) in cursor.fetchall()}
        made = [day for day in days if name_partition(day) not in existing]
        for day in made:
            start = datetime(day.year, day.month, day.day, tzinfo=UTC)
            cursor.execute(_build_statement(name_partition(day), start))
    return [name_partition(day) for day in made]


def _build_statement(name: str, start: datetime) -> str:
    statement = sql.SQL(
        "CREATE TABLE {name} (LIKE recommender_event INCLUDING DEFAULTS INCLUDING CONSTRAINTS);"
        "ALTER TABLE recommender_event ATTACH PARTITION {name} FOR VALUES FROM ({start}) TO ({end})"
    ).format(
        name=sql.Identifier(name),
        start=sql.Literal(start.isoformat()),
        end=sql.Literal((start + timedelta(days=1)).isoformat()),
    )
    return statement.as_string(None)
