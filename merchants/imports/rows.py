"""What a parser hands over: typed rows of one upload, and what was wrong with it. No buyer, no message.

Values are `Decimal` so that what was read is what is stored and shown, to the last digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

#: `DayValue.hour` of a value that covers the whole day.
WHOLE_DAY = -1


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an upload is refused. `row` is 1-based as a spreadsheet counts, 0 = the file as a whole."""

    file: str
    row: int
    column: str
    value: str
    message: str  # what is wrong, the limit, and the next step

    def __str__(self) -> str:
        place = self.file + (f", row {self.row}" if self.row else "")
        place += f", column {self.column!r}" if self.column else ""
        return f"{place}: {self.message}"


@dataclass(frozen=True, slots=True)
class DayValue:
    """One figure of the account on one calendar day (or one hour 0-23 of it)."""

    day: date
    metric: str
    value: Decimal
    hour: int = WHOLE_DAY


@dataclass(frozen=True, slots=True)
class Share:
    """Part of the audience, 0 to 1; `kind` is 'gender' or 'territory', `key` a label or ISO country code."""

    kind: str
    key: str
    share: Decimal


@dataclass(frozen=True, slots=True)
class VideoRow:
    """Figures of one video over a span of days; `currency` is ISO 4217 or empty, rates are fractions."""

    source: str  # 'studio', 'shop' or 'download'
    video_ref: str  # the platform's id, kept as text
    first_day: date
    last_day: date
    values: Mapping[str, Decimal]
    title: str = ""
    link: str = ""
    posted_on: date | None = None
    products: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class ProductRow:
    """Figures of one product over a span of days."""

    product_ref: str
    first_day: date
    last_day: date
    values: Mapping[str, Decimal]
    title: str = ""
    status: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One product line of an order, without anything about the buyer. Times are the shop's wall clock."""

    order_ref: str
    sku_ref: str
    line: int  # 0, 1, ... among lines of the same order and SKU
    status: str  # to_ship, shipped, completed, cancelled, returned, unpaid, or '' where the text is not known
    status_text: str
    product_title: str
    variation: str
    seller_sku: str
    values: Mapping[str, Decimal]  # quantity and amounts
    created_at: datetime  # naive
    paid_at: datetime | None = None


@dataclass(slots=True)
class Section:
    """One table of an upload, as read. `totals` has the sum of each numeric column by its header."""

    file: str
    format: str
    row_count: int = 0
    first_day: date | None = None
    last_day: date | None = None
    totals: dict[str, Decimal] = field(default_factory=dict)
    day_values: list[DayValue] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)
    videos: list[VideoRow] = field(default_factory=list)
    products: list[ProductRow] = field(default_factory=list)
    orders: list[OrderLine] = field(default_factory=list)

    def cover(self, days: list[date]) -> None:
        """Let the span of the section be that of `days`."""
        if days:
            self.first_day, self.last_day = min(days), max(days)

    def add_total(self, header: str, value: Decimal) -> None:
        """Count a numeric cell."""
        self.totals[header] = self.totals.get(header, Decimal(0)) + value


@dataclass(slots=True)
class Reading:
    """An upload, read. It may be stored only where `problems` is empty."""

    name: str
    format: str = ""
    sections: list[Section] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what a merchant should know, and that stops nothing
    handle: str = ""  # account that the file says it is about
    nickname: str = ""

    @property
    def row_count(self) -> int:
        """Rows read, over all sections."""
        return sum(section.row_count for section in self.sections)

    @property
    def first_day(self) -> date | None:
        """Earliest day of any section."""
        return min((section.first_day for section in self.sections if section.first_day), default=None)

    @property
    def last_day(self) -> date | None:
        """Latest day of any section."""
        return max((section.last_day for section in self.sections if section.last_day), default=None)

    @property
    def totals(self) -> dict[str, Decimal]:
        """Sum per column; a header that two tables share is prefixed by its table."""
        headers = [header for section in self.sections for header in section.totals]
        return {
            header if headers.count(header) == 1 else f"{section.file}: {header}": value
            for section in self.sections
            for header, value in section.totals.items()
        }


@dataclass(frozen=True, slots=True)
class ReadingContext:
    """What is known beside the bytes. `market` may be empty; the given days anchor dates without a year."""

    today: date  # the account's own calendar day
    market: str = ""
    first_day: date | None = None
    last_day: date | None = None
    date_order: str = ""  # 'dmy' or 'mdy' where the merchant answered the question


class RefusedError(ValueError):
    """An upload, or a table of it, cannot be read at all; carries the problems."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("; ".join(map(str, problems)))


class CellError(ValueError):
    """One cell cannot be read; the message says what is wrong, the limit and the next step."""
