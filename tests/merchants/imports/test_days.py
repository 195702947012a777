"""Days without a year, in every language the app speaks: found again exactly, or asked about."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merchants.imports.reading import read_upload
from merchants.imports.rows import Reading, ReadingContext
from tests.merchants.imports.exports import (
    list_days,
    make_overview,
    name_overview,
    write_csv,
    write_day,
    write_zip,
)

TODAY = date(2026, 9, 27)
LANGUAGES = """
en_US en_GB es es_MX fr fr_CA de it pt_BR pt_PT nl pl ru uk ja ko zh_Hans zh_Hant
th vi id ms fil tr ar he hi bn sv da nb fi cs sk hu ro
el bg hr ca my km lo ta te mr ur fa kk uz jv sw
""".split()


def read(name: str, data: bytes, today: date = TODAY, **given_days: date) -> Reading:
    return read_upload(name, data, ReadingContext(today, "GB", **given_days))


def collect_days(reading: Reading, metric: str = "video_views") -> dict[date, Decimal]:
    return {one.day: one.value for section in reading.sections for one in section.day_values
            if one.metric == metric}  # fmt: skip


@given(
    st.sampled_from(LANGUAGES),
    st.dates(date(2024, 1, 1), TODAY - timedelta(days=1)),
    st.integers(1, 365),
    st.sampled_from(["MMMMd", "MMMd"]),
)
def test_a_named_archive_tells_the_year_in_every_language(
    language: str, first: date, count: int, skeleton: str
) -> None:
    days = [day for day in list_days(first, count) if day < TODAY]
    archive = write_zip({"Overview.csv": write_csv(make_overview(days, language, skeleton))})
    reading = read(name_overview(first, exported_on=days[-1] + timedelta(days=1)), archive)
    assert [str(problem) for problem in reading.problems] == []
    assert collect_days(reading) == {day: 1000 + n for n, day in enumerate(days)}


@given(st.sampled_from(LANGUAGES), st.integers(28, 365))
def test_a_file_without_a_name_ends_yesterday(language: str, count: int) -> None:
    days = list_days(TODAY - timedelta(days=count), count)
    reading = read("Overview.csv", write_csv(make_overview(days, language)))
    assert [str(problem) for problem in reading.problems] == []
    assert (reading.first_day, reading.last_day) == (days[0], days[-1])


def test_a_given_last_day_places_an_old_file() -> None:
    days = list_days(date(2024, 2, 1), 60)  # over a leap day
    reading = read("Overview.csv", write_csv(make_overview(days)), last_day=days[-1])
    assert list(collect_days(reading)) == days


def test_rows_from_the_newest_to_the_oldest_are_read_as_well() -> None:
    days = list_days(date(2025, 12, 20), 30)
    rows = make_overview(days)
    reading = read(name_overview(days[0]), write_zip({"Overview.csv": write_csv([rows[0], *rows[:0:-1]])}))
    assert collect_days(reading)[days[0]] == 1000
    assert collect_days(reading)[days[-1]] == 1029


def test_a_leap_day_that_the_range_does_not_have_is_refused() -> None:
    rows = [make_overview([])[0], ["February 29", "1", "1", "1", "1", "1"]]
    (problem,) = read("Overview.csv", write_csv(rows)).problems
    assert (problem.row, problem.column, problem.value) == (2, "Date", "February 29")


def test_days_that_two_languages_read_differently_are_asked_about() -> None:
    """In Polish listopada is November, in Croatian October."""
    texts = [write_day(day, "pl") for day in list_days(date(2025, 11, 3), 7)]
    rows = [make_overview([])[0], *([text, "1", "1", "1", "1", "1"] for text in texts)]
    (problem,) = read("Overview.csv", write_csv(rows)).problems
    assert "may be 2025-11-03 or 2025-10-03" in problem.message
    assert read("Overview.csv", write_csv(rows), last_day=date(2025, 11, 9)).problems == []


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-11-03", date(2025, 11, 3)),
        ("2025/11/03", date(2025, 11, 3)),
        ("2025年11月3日", date(2025, 11, 3)),
        ("3 พฤศจิกายน 2568", date(2025, 11, 3)),
        ("٣ نوفمبر", date(2025, 11, 3)),
        ("Ngày 3 tháng Mười Một", date(2025, 11, 3)),
        ("3. 11.", date(2025, 11, 3)),
    ],
)
def test_other_ways_of_writing_a_day(text: str, day: date) -> None:
    rows = [make_overview([])[0], [text, "1", "1", "1", "1", "1"]]
    assert list(collect_days(read("Overview.csv", write_csv(rows), last_day=day))) == [day]
