"""The two partitioned tables: events by day, the ledger of event ids by hash.

A unique key on a table partitioned by time must contain the time, so it would let the same id through with
another day's stamp. The ledger is partitioned by the id itself and therefore can promise one effect for ever.
"""

from django.db import migrations

N_LEDGER_PARTITIONS = 32

CREATE_EVENT = """
CREATE TABLE recommender_event (
    happened_at timestamptz NOT NULL,
    event_id uuid NOT NULL,
    batch_id bigint NOT NULL,
    viewer_id bigint NOT NULL,
    video_id bigint,
    creator_id bigint,
    value_minor bigint,
    session_id uuid,
    request_id uuid,
    actions integer NOT NULL,
    watch_ms integer,
    kind smallint NOT NULL,
    market smallint NOT NULL,
    source smallint NOT NULL,
    position smallint,
    loops smallint,
    is_clamped boolean NOT NULL DEFAULT false,
    details jsonb,
    PRIMARY KEY (happened_at, event_id)
) PARTITION BY RANGE (happened_at);
CREATE INDEX event_by_viewer ON recommender_event (viewer_id, happened_at);
-- Batches arrive in order, so a block range index finds a batch's rows at a hundredth of a b-tree's cost.
CREATE INDEX event_by_batch ON recommender_event USING brin (batch_id)
    WITH (pages_per_range = 8, autosummarize = on);
"""

CREATE_LEDGER = "\n".join(
    [
        "CREATE TABLE recommender_eventledger (event_id uuid PRIMARY KEY) PARTITION BY HASH (event_id);",
        *(
            f"CREATE TABLE recommender_eventledger_{remainder:02d} PARTITION OF recommender_eventledger "
            f"FOR VALUES WITH (MODULUS {N_LEDGER_PARTITIONS}, REMAINDER {remainder});"
            for remainder in range(N_LEDGER_PARTITIONS)
        ),
    ]
)


class Migration(migrations.Migration):
    dependencies = [("recommender", "0001_tables")]

    operations = [
        migrations.RunSQL(CREATE_EVENT, "DROP TABLE recommender_event"),
        migrations.RunSQL(CREATE_LEDGER, "DROP TABLE recommender_eventledger"),
    ]
