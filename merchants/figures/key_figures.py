"""The cards at the top: a figure, how it changed over the days that are over, and its small line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from merchants.figures.deltas import UNKNOWN, Delta, compare
from merchants.figures.metrics import KEY_FIGURES, SOURCE_NAMES, Metric
from merchants.figures.reading import Series, read_series
from merchants.figures.scope import Scope
from merchants.shell import formats


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One card. `value` and `before` cover the closed days alone, `shown` everything in the range."""

    metric: Metric
    shown: Decimal | None
    before: Decimal | None
    delta: Delta
    source: str
    line: Sparkline | None
    currency: str

    @property
    def text(self) -> str:
        """The figure as it is read."""
        return _write(self.metric, self.shown, self.currency)

    @property
    def before_text(self) -> str:
        """What it is held against."""
        return _write(self.metric, self.before, self.currency)

    @property
    def points(self) -> str:
        """The change of a share, in percentage points; '' where the figure is none."""
        if self.metric.kind != "rate" or self.delta.difference is None:
            return ""
        return formats.format_decimal(abs(self.delta.difference) * 100, 1)

    @property
    def source_name(self) -> str:
        """Where it comes from."""
        return str(SOURCE_NAMES.get(self.source, ""))


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Points of a line in a box of 100 x 32, its open end by itself, and the line it is compared with."""

    closed: str
    open: str
    area: str


def list_key_figures(scope: Scope, keys: Sequence[str] = KEY_FIGURES) -> list[KeyFigure]:
    """The cards of a scope, in order."""
    now = read_series(scope.account, keys, scope.range.shown, scope.markets)
    then = read_series(scope.account, keys, scope.range.before, scope.markets) if scope.range.before else {}
    return [_make_figure(scope, now[key], then.get(key)) for key in keys]


def _make_figure(scope: Scope, now: Series, then: Series | None) -> KeyFigure:
    closed = now.total_of(len(scope.range.closed)) if scope.range.closed else None
    # Two sources count differently: what one says now is never held against what another said then.
    is_same = then is not None and then.source == now.source
    before = then.total if then is not None and is_same else None
    delta = compare(closed, before) if is_same else UNKNOWN
    line = draw_sparkline(now.values, scope.range.open_from)
    return KeyFigure(now.metric, now.total, before, delta, now.source, line, scope.currency)


def draw_sparkline(values: Sequence[Decimal | None], open_from: int | None) -> Sparkline | None:
    """A line through the known values; None where fewer than two are known."""
    known = [(at, float(value)) for at, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return None
    top = max(value for _, value in known)
    low = min(0.0, *(value for _, value in known))
    height = (top - low) or 1.0
    step = 100 / max(len(values) - 1, 1)
    points = [(at, f"{at * step:.1f},{30 - 28 * (value - low) / height:.1f}") for at, value in known]
    cut = len(values) if open_from is None else open_from
    closed = [text for at, text in points if at < cut]
    opened = [text for at, text in points if at >= cut - 1] if cut < len(values) else []
    ends = [text.split(",")[0] for _, text in (points[0], points[-1])]
    area = f"M{ends[0]},32 L" + " L".join(text for _, text in points) + f" L{ends[1]},32 Z"
    return Sparkline(" ".join(closed), " ".join(opened), area)


def _write(metric: Metric, value: Decimal | None, currency: str) -> str:
    match metric.kind:
        case "money":
            return formats.format_money_compact(value, currency)
        case "rate":
            return formats.format_percent(value, 1)
        case "seconds":
            return formats.format_decimal(value, 1)
        case _:
            return formats.format_compact(value)
