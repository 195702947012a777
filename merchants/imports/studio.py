"""TikTok Studio tables: overview, videos, viewers and followers, with dates that carry no year.

Refuses days told twice with different figures, shares that do not add up and hours that do not exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from merchants.imports.amounts import normalise_digits
from merchants.imports.days import (
    Anchor,
    DayText,
    UnreadableDayError,
    count_gaps,
    find_latest,
    find_nearest,
    read_day_texts,
)
from merchants.imports.rows import (
    WHOLE_DAY,
    CellError,
    DayValue,
    Problem,
    ReadingContext,
    RefusedError,
    Section,
    Share,
    VideoRow,
)
from merchants.imports.sheets import Sheet

#: Shares may miss 1 by what rounding to a whole percent takes from a dozen rows.
SHARE_TOLERANCE = Decimal("0.03")
#: The id of a video carries the moment it was made; it may be published up to so many days later.
ID_TOLERANCE_DAYS = 1

_NAME = re.compile(
    r"_(?P<first>\d{4}-\d{2}-\d{2})_(?P<epoch>\d{9,13})_(?P<handle>[\w.]+?)(?: ?\(\d+\))?\.\w+$"
)
_SHORT_NAME = re.compile(
    r"(?:^|_)(?:Overview|Content|Viewers|Followers)_(?P<handle>[\w.]+?)(?: ?\(\d+\))?\.zip$"
)
_VIDEO = re.compile(r"(?:/(?:video|photo)/|[?&]item_id=)(\d{1,25})")
_GENDERS = {
    "female": "female", "male": "male", "other": "other", "女": "female", "女性": "female", "男": "male",
    "男性": "male", "其他": "other", "その他": "other", "mujer": "female", "hombre": "male", "otro": "other",
    "feminino": "female", "masculino": "male", "outro": "other", "женский": "female", "мужской": "male",
    "другое": "other", "nữ": "female", "nam": "male", "khác": "other", "perempuan": "female",
    "laki-laki": "male", "lelaki": "male", "lainnya": "other", "lain-lain": "other", "หญิง": "female",
    "ชาย": "male", "อื่นๆ": "other", "others": "other",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Origin:
    """What the file's name and archive tell: first day of the range, day of the export, whose it is."""

    first_day: date | None = None
    exported_on: date | None = None
    handle: str = ""


def read_origin(name: str, stamped_on: date | None = None) -> Origin:
    """Parse `Overview_2025-02-28_1772000000_handle.zip` or `Followers_handle.zip`; others tell nothing."""
    if match := _NAME.search(name):
        seconds = int(match["epoch"][:10])
        exported_on = datetime.fromtimestamp(seconds, tz=UTC).date()
        try:
            first_day: date | None = date.fromisoformat(match["first"])
        except ValueError:
            first_day = None
        return Origin(first_day, exported_on, match["handle"])
    match = _SHORT_NAME.search(name)
    return Origin(None, stamped_on, match["handle"] if match else "")


def make_anchor(origin: Origin, context: ReadingContext) -> Anchor:
    """Where the year comes from: a given range first, then the file's name, then the day of the export.

    Rows end the day before the export; a zone ahead of UTC may count one more.
    """
    upper = context.today - timedelta(days=1)
    if origin.exported_on:
        upper = min(upper, origin.exported_on + timedelta(days=1))
    if context.first_day or context.last_day:
        return Anchor(upper, None if context.last_day else context.first_day, context.last_day)
    return Anchor(upper, origin.first_day)


def read_studio(sheet: Sheet, anchor: Anchor, context: ReadingContext) -> Section:
    """Typed rows of one Studio table; what is wrong stands in `sheet.problems`.

    Raises
    ------
    RefusedError
        Nothing can be made of the table at all.
    """
    section = Section(sheet.file, sheet.format.key, row_count=len(sheet.rows))
    key = sheet.format.key
    if key == "studio_content":
        _read_content(sheet, section, anchor, context)
    elif key in ("studio_follower_gender", "studio_follower_territories"):
        _read_shares(sheet, section)
    else:
        if key == "studio_follower_activity":  # a week, wherever the file's range begins
            anchor = replace(anchor, first=None)
        _read_daily(sheet, section, anchor, context)
    return section


def _read_daily(sheet: Sheet, section: Section, anchor: Anchor, context: ReadingContext) -> None:
    numbers = sheet.read_numbers(section)
    days = sheet.read_days("day", anchor)
    has_hours = "hour" in sheet.positions
    hours: list[int | None] = sheet.parse("hour", parse_hour) if has_hours else [WHOLE_DAY] * len(sheet.rows)
    if not days:
        return
    _check_not_ahead(sheet, days, context)
    uncounted = _find_uncounted(days, hours, numbers["active_followers"]) if has_hours else set()
    if uncounted:
        sheet.notes.append(
            f"{sheet.file}: the last {len(uncounted)} hours of {days[-1]} are not counted yet and left out"
        )
    seen: dict[tuple[date, int], int] = {}
    for index, (day, hour) in enumerate(zip(days, hours, strict=True)):
        if hour is None or index in uncounted:
            continue
        if (first := seen.setdefault((day, hour), index)) != index:
            _check_repeat(sheet, first, index, numbers)
            continue
        section.day_values += [
            DayValue(day, metric, value, hour)
            for metric, values in numbers.items()
            if (value := values[index]) is not None
        ]
    section.cover(days)
    if missing := count_gaps(days):
        sheet.notes.append(
            f"{sheet.file}: {missing} days between {days[0]} and {days[-1]} are not in the file"
        )
    _note_unknown(sheet, numbers)
    _note_sum(sheet, numbers)


def parse_hour(text: str) -> int:
    """An hour 0-23, also as `07` or `7:00`."""
    match = re.fullmatch(r"(\d{1,2})(?::00)?", normalise_digits(text))
    if match is None or int(match[1]) > 23:
        raise CellError(
            f"{text!r} is not an hour of the day, 0 to 23; correct the cell or download the file again"
        )
    return int(match[1])


def _check_not_ahead(sheet: Sheet, days: list[date], context: ReadingContext) -> None:
    latest = max(range(len(days)), key=days.__getitem__)
    if days[latest] > context.today + timedelta(days=1):
        message = (
            f"is read as {days[latest]}, after today ({context.today}); correct the file's name or range"
        )
        sheet.add_problem(latest, "day", sheet.texts("day")[latest], message)


def _check_repeat(sheet: Sheet, first: int, index: int, numbers: dict[str, list[Decimal | None]]) -> None:
    for metric, values in numbers.items():
        if values[first] != values[index]:
            text = sheet.texts(metric)[index]
            day, row = sheet.texts("day")[index], sheet.numbers[first]
            message = (
                f"{day!r} stands in row {row} too, with {sheet.texts(metric)[first]!r} instead of {text!r}; "
            )
            sheet.add_problem(index, metric, text, message + "remove one of the two rows")
            return


def _find_uncounted(days: list[date], hours: list[int | None], values: list[Decimal | None]) -> set[int]:
    """Rows of the last day whose hours had not come yet: the zeros after its last figure."""
    last = max(days)
    rows = sorted(
        (index for index, day in enumerate(days) if day == last and hours[index] is not None),
        key=lambda index: hours[index] or 0,
    )
    uncounted: set[int] = set()
    while rows and values[rows[-1]] == 0:
        uncounted.add(rows.pop())
    return uncounted if rows else set()


def _note_unknown(sheet: Sheet, numbers: dict[str, list[Decimal | None]]) -> None:
    for metric, values in numbers.items():
        if unknown := sum(value is None for value in values):
            header = sheet.headers[metric]
            sheet.notes.append(f"{sheet.file}: {header} is not known on {unknown} of {len(values)} rows")


def _note_sum(sheet: Sheet, numbers: dict[str, list[Decimal | None]]) -> None:
    if sheet.format.key != "studio_viewers":
        return
    names = ("total_viewers", "new_viewers", "returning_viewers")
    triples = zip(*(numbers[name] for name in names), strict=True)
    rows = [
        row
        for (total, new, back), row in zip(triples, sheet.numbers, strict=True)
        if total is not None and new is not None and back is not None and total != new + back
    ]
    if rows:
        sheet.notes.append(f"{sheet.file}: total viewers are not new plus returning ones in row {rows[0]}")


def _read_shares(sheet: Sheet, section: Section) -> None:
    name = sheet.format.columns[0].name
    kind = "gender" if name == "gender" else "territory"
    shares = sheet.read_numbers(section)["share"]
    labels = sheet.read_texts(name)
    seen: dict[str, int] = {}
    for index, (label, share) in enumerate(zip(labels, shares, strict=True)):
        key = _code_label(kind, label)
        if seen.setdefault(key, index) != index:
            sheet.add_problem(index, name, label, f"{label!r} stands in row {sheet.numbers[seen[key]]} too")
        if share is None:
            continue
        if not 0 <= share <= 1:
            sheet.add_problem(index, "share", str(share), f"{share} is not a share, 0 to 1; correct the cell")
        section.shares.append(Share(kind, key, share))
    total = sum((share for share in shares if share is not None), Decimal(0))
    if sheet.rows and not sheet.problems and abs(total - 1) > SHARE_TOLERANCE:
        message = (
            f"the shares add up to {total}, they must make 1 (a row is missing); download the file again"
        )
        sheet.add_problem(len(sheet.rows) - 1, "share", str(total), message)


def _code_label(kind: str, label: str) -> str:
    """Gender as female, male or other; a territory as its country code or 'others'."""
    if kind == "gender":
        return _GENDERS.get(label.casefold(), label.casefold())
    return label.upper() if re.fullmatch(r"[A-Za-z]{2}", label) else "others"


def _read_content(sheet: Sheet, section: Section, anchor: Anchor, context: ReadingContext) -> None:
    numbers = sheet.read_numbers(section)
    titles = sheet.read_texts("title")
    links = sheet.parse("link", parse_video_link)
    if sheet.problems or not sheet.rows:
        return
    refs = [link[0] if link else "" for link in links]
    posts, exported_on = _date_posts(sheet, refs, anchor, context)
    if not posts:
        return
    seen: dict[str, int] = {}
    for index, ref in enumerate(refs):
        if seen.setdefault(ref, index) != index:
            message = f"video {ref} stands in row {sheet.numbers[seen[ref]]} too; remove one of the two rows"
            sheet.add_problem(index, "link", ref, message)
        values = {name: value for name, column in numbers.items() if (value := column[index]) is not None}
        link = (links[index] or ("", ""))[1]
        post = posts[index]
        section.videos.append(VideoRow("studio", ref, post, exported_on, values, titles[index], link, post))
    section.cover([*posts, exported_on])


def parse_video_link(text: str) -> tuple[str, str]:
    """(video id, address) of a link to a video."""
    match = _VIDEO.search(text)
    if match is None or not re.match(r"https?://", text):
        raise CellError(f"{text[:60]!r} is not a link to a video (…/video/123); correct the cell")
    return match[1], text.split("?", 1)[0][:500] if "item_id" not in text else text[:500]


def _date_posts(
    sheet: Sheet, refs: list[str], anchor: Anchor, context: ReadingContext
) -> tuple[list[date], date]:
    """When each video was posted, and when the table was exported; ([], ...) with a problem where unclear."""
    upper = min(anchor.last or anchor.upper + timedelta(days=1), context.today)
    column = "posted_on"
    try:
        has_time = "exported_on" in sheet.positions
        texts = sheet.texts("exported_on") if has_time else []
        ways = read_day_texts([*sheet.texts("posted_on"), *texts])
    except UnreadableDayError as error:
        index, count = error.index, len(sheet.rows)
        column = "posted_on" if index < count else "exported_on"
        sheet.add_problem(index % count, column, sheet.texts(column)[index % count], str(error))
        return [], upper
    solutions = []
    for way in ways:
        posts, exports = way[: len(refs)], way[len(refs) :]
        if (solution := _solve_posts(posts, exports, refs, upper)) and solution not in solutions:
            solutions.append(solution)
    if len(solutions) == 1:
        return solutions[0]
    if solutions:
        first, second = solutions[0][0][0], solutions[1][0][0]
        what = f"{sheet.texts(column)[0]!r} may be {first} or {second}"
    else:
        what = f"{sheet.texts(column)[0]!r} does not lie within a year before {upper}"
    sheet.add_problem(
        0, column, sheet.texts(column)[0], f"{what}; say when the file was exported (--last-day)"
    )
    return [], upper


def _solve_posts(
    posts: list[DayText], exports: list[DayText], refs: list[str], upper: date
) -> tuple[list[date], date] | None:
    """Days of all posts. The year of a post is in its video's id where day and month agree with it."""
    told = [_read_id_day(ref, day) for ref, day in zip(refs, posts, strict=True)]
    known = [day for day in told if day]
    exported_on = upper
    if exports:
        if len(set(exports)) > 1:
            return None
        limit = min(upper, min(known) + timedelta(days=370)) if known else upper
        found = find_latest(exports[0], limit) or find_latest(exports[0], upper)
        if found is None:
            return None
        exported_on = found
    days = [day or find_latest(text, exported_on) for day, text in zip(told, posts, strict=True)]
    if any(day is None for day in days):
        return None
    return [day for day in days if day], exported_on


def _read_id_day(ref: str, text: DayText) -> date | None:
    """The day in a video id (its upper bits are unix seconds), if it agrees with the written one."""
    seconds = int(ref or 0) >> 32
    if not 1_450_000_000 < seconds < 4_000_000_000:
        return None
    made_on = datetime.fromtimestamp(seconds, tz=UTC).date()
    nearest = find_nearest(text, made_on)
    return nearest if nearest and abs((nearest - made_on).days) <= ID_TOLERANCE_DAYS else None


def refuse_without_rows(name: str, sheets: list[Sheet]) -> RefusedError:
    """An upload in which no table has a row."""
    sheet = sheets[0]
    column = sheet.headers.get(sheet.format.columns[0].name, "")
    message = "there is a header and no row; choose a range with data in it and download the file again"
    return RefusedError(Problem(sheet.file, sheet.header_number + 1, column, "", message))
