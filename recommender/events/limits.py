"""Every limit of the activity stream in one place, with its unit and the reason for its size."""

#: Events in one request: one phone's busy hour, or one second of a gateway; verdicts stay readable.
MAX_BATCH_EVENTS = 1_000
#: Bytes of a request body as sent: 1,000 events of 2 kB.
MAX_BODY_BYTES = 2 * 1024 * 1024
#: Bytes of a gzip body once inflated: the same events; the gap to a bomb's 1,000 : 1 is what is refused.
MAX_INFLATED_BYTES = 4 * 1024 * 1024
#: Bytes of one event: fifty app categories of 64 letters and every other field fit four times over.
MAX_EVENT_BYTES = 16 * 1024
#: Letters kept of an event that cannot be stored as JSON (for replay and for whoever looks for the cause).
MAX_KEPT_LETTERS = 4_000

#: Seconds an event may lie ahead of our clock, after correction, without remark: drift of honest phones.
AHEAD_TOLERATED_SECONDS = 5 * 60
#: Seconds ahead beyond which the time is worthless and the event is refused; in between it is cut to now.
AHEAD_REFUSED_SECONDS = 24 * 3600
#: Days after which an event is too late: thirteen months, so that last year's season still compares.
LATE_DAYS = 400
#: Earliest time an archive import may carry, unix seconds: 2016-01-01, before short video had feeds.
ARCHIVE_EARLIEST_AT = 1_451_606_400

#: Seconds of one watch: a day; more is a stuck player.
MAX_WATCH_SECONDS = 24 * 3600
MAX_LOOPS = 1_000
#: Place in a page, 0-based; pages are tens long, a counter that runs away is refused.
MAX_POSITION = 10_000
MAX_TEXT_LETTERS = 64
MAX_QUERY_LETTERS = 100
MAX_APP_CATEGORIES = 50
#: Order value in whole units of any currency; ten billion rupiah is 600,000 dollars.
MAX_ORDER_VALUE = 10_000_000_000
MAX_ORDER_QUANTITY = 10_000
#: PostgreSQL's bigint.
MAX_ID = 2**63 - 1

#: Videos a viewer's state keeps with what was done to them: two hours of watching.
STATE_RECENT = 100
#: Videos never shown again: two months of heavy use.
STATE_SEEN = 10_000
STATE_SEARCHES = 10
#: Creators followed or blocked, together.
STATE_STANCES = 2_000

#: Times a batch is tried again after a deadlock or serialization failure.
RETRIES = 1
#: Days for which event partitions are made ahead.
PARTITIONS_AHEAD_DAYS = 7
