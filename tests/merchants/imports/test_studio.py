"""Studio's tables with the oddities of real files: unknown and taken-back figures, foreign headers."""

import csv
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from merchants.imports.reading import read_upload
from merchants.imports.rows import Reading, ReadingContext
from tests.merchants.imports.exports import (
    OVERVIEW,
    list_days,
    make_overview,
    name_overview,
    write_csv,
    write_xlsx,
    write_zip,
)

TODAY = date(2026, 2, 28)
DAYS = list_days(date(2026, 1, 1), 31)
CONTENT = (
    "Time", "Video title", "Video link", "Post time", "Total likes", "Total comments", "Total shares",
    "Total views",
)  # fmt: skip
LINK = "https://www.tiktok.com/@lip.studio/video/7602469346252312210"


def read(name: str, data: bytes, **known: Any) -> Reading:
    return read_upload(name, data, ReadingContext(TODAY, "GB", **known))


def read_overview(data: bytes, entry: str = "Overview.csv") -> Reading:
    return read(name_overview(DAYS[0]), write_zip({entry: data}))


def check_overview(reading: Reading) -> None:
    assert [str(problem) for problem in reading.problems] == []
    values = {(one.day, one.metric): one.value for one in reading.sections[0].day_values}
    assert len(values) == 5 * len(DAYS)
    for n, day in enumerate(DAYS):
        assert values[day, "video_views"] == 1000 + n
        assert values[day, "comments"] == -n
    assert reading.totals["Video Views"] == sum(1000 + n for n in range(len(DAYS)))
    assert reading.handle == "lip.studio"


@pytest.mark.parametrize(
    "data",
    [
        write_csv(make_overview(DAYS)),
        write_csv(make_overview(DAYS), mark=""),
        write_csv(make_overview(DAYS), quote=csv.QUOTE_MINIMAL, separator=";"),
        write_csv(make_overview(DAYS)) + b"\n\n",
        write_csv(make_overview(DAYS)).replace(b"\n", b"\r\n"),
        write_csv(make_overview(DAYS), mark="").decode().encode("utf-16"),
        write_csv([["Overview"], [], *make_overview(DAYS)]),
        write_csv([[cell + " " for cell in row] for row in make_overview(DAYS)]),
        write_csv([row[::-1] for row in make_overview(DAYS)]),
        write_csv([[*row, "7"] for row in make_overview(DAYS)]).replace(b'"Shares","7"', b'"Shares","Saves"'),
    ],
    ids="plain no-mark semicolons blank-lines crlf utf-16 title-row spaces other-order extra-column".split(),
)
def test_the_same_figures_in_another_wrapping(data: bytes) -> None:
    check_overview(read_overview(data))


def test_a_workbook_with_text_and_one_with_numbers_are_the_same() -> None:
    rows = make_overview(DAYS)
    numbers = [rows[0], *([row[0], *map(int, row[1:])] for row in rows[1:])]
    check_overview(read_overview(write_xlsx(rows, "Overview"), "Overview.xlsx"))
    check_overview(read_overview(write_xlsx(numbers, "Overview"), "Overview.xlsx"))


def test_what_an_operating_system_adds_to_an_archive_is_left_out() -> None:
    entries = {
        "export/Overview.csv": write_csv(make_overview(DAYS)),
        "__MACOSX/export/._Overview.csv": b"\0\1",
        "export/.DS_Store": b"\0",
    }
    name = name_overview(DAYS[0]).replace(".zip", " (1).zip")
    check_overview(read(name, write_zip(entries, packed=True)))


@pytest.mark.parametrize(
    "headers",
    [
        ("日期", "视频播放量", "主页浏览量", "点赞数", "评论数", "分享数"),
        ("Tanggal", "Tayangan video", "Tayangan profil", "Suka", "Komentar", "Dibagikan"),
        ("วันที่", "ยอดดูวิดีโอ", "ยอดดูโปรไฟล์", "ถูกใจ", "ความคิดเห็น", "แชร์"),
        ("Ngày", "Lượt xem video", "Lượt xem hồ sơ", "Lượt thích", "Bình luận", "Lượt chia sẻ"),
        ("Petsa", "Mga view ng video", "Mga view ng profile", "Mga like", "Mga komento", "Mga share"),
        ("Dagsetning", "Áhorf", "Heimsóknir", "Líkar", "Ummæli", "Deilingar"),  # in no list of ours
    ],
)
def test_translated_headers_are_read(headers: tuple[str, ...]) -> None:
    reading = read_overview(write_csv([headers, *make_overview(DAYS)[1:]]))
    assert [str(problem) for problem in reading.problems] == []
    values = [one.value for one in reading.sections[0].day_values if one.metric == "video_views"]
    assert values == [1000 + n for n in range(len(DAYS))]


def test_undefined_is_unknown_and_never_zero() -> None:
    header = ["Date", "Total Viewers", "New Viewers", "Returning Viewers"]
    rows = [header, ["January 1", "undefined", "5", "7"], ["January 2", "12", "5", "7"]]
    reading = read("Viewers_lip.studio.zip", write_zip({"Viewers.csv": write_csv(rows)}), first_day=DAYS[0])
    found = [(one.day, one.value) for one in reading.sections[0].day_values if one.metric == "total_viewers"]
    assert found == [(date(2026, 1, 2), 12)]
    assert any("not known on 1 of 2 rows" in note for note in reading.notes)


def test_the_hours_that_are_not_counted_yet_are_left_out() -> None:
    rows: list[list[Any]] = [["Date", "Hour", "Active followers"]]
    rows += [[f"January {day}", hour, 0 if (day, hour) > (2, 17) else 50 + hour]
             for day in (1, 2) for hour in range(24)]  # fmt: skip
    reading = read("FollowerActivity.csv", write_csv(rows), last_day=date(2026, 1, 2))
    assert len(reading.sections[0].day_values) == 24 + 18
    assert any("last 6 hours" in note for note in reading.notes)


def test_a_video_is_known_by_its_link_and_dated_by_its_id() -> None:
    row = ["January 30", 'He said ""hot"", #lipstick', LINK, "January 5", "3", "1", "2", "23301"]
    row[1] = 'He said "hot", #lipstick\nsecond line'
    bare = ["January 30", "", LINK[:-1] + "1", "January 6", "0", "0", "0", "undefined"]
    archive = write_zip({"Content.csv": write_csv([CONTENT, row, bare])}, date(2026, 1, 31))
    reading = read("Content_lip.studio.zip", archive)
    assert reading.problems == []
    first, second = reading.sections[0].videos
    assert (first.video_ref, first.title) == ("7602469346252312210", 'He said "hot", #lipstick\nsecond line')
    assert (first.posted_on, first.last_day) == (date(2026, 1, 5), date(2026, 1, 30))
    assert first.values["views"] == 23301
    assert (second.title, "views" in second.values) == ("", False)


def test_one_follower_archive_holds_four_tables() -> None:
    history = [["Date", "Followers", "Difference in followers from previous day"]]
    history += [[f"January {day}", str(900 + day), "1"] for day in range(1, 32)]
    entries = {
        "FollowerHistory.csv": write_csv(history),
        "FollowerGender.csv": write_csv([["Gender", "Distribution"], ["Female", "0.78"], ["Male", "0.22"]]),
        "FollowerTopTerritories.csv": write_csv(
            [["Top territories", "Distribution"], ["TH", "0.4"], ["ID", "0.5"], ["Others", "0.1"]]
        ),
        "FollowerActivity.csv": write_csv([["Date", "Hour", "Active followers"]]),
    }
    reading = read("Followers_lip.studio.zip", write_zip(entries, date(2026, 2, 1)))
    assert (reading.problems, reading.format) == ([], "studio_followers")
    assert (reading.first_day, reading.last_day) == (date(2026, 1, 1), date(2026, 1, 31))
    shares = {(one.kind, one.key): one.share for section in reading.sections for one in section.shares}
    assert shares["territory", "others"] == Decimal("0.1")
    assert shares["gender", "female"] == Decimal("0.78")
    assert any("few followers" in note for note in reading.notes)


def replace_cell(row: int, column: int, text: str) -> bytes:
    rows = make_overview(DAYS)
    rows[row][column] = text
    return write_csv(rows)


@pytest.mark.parametrize(
    ("data", "row", "column"),
    [
        (replace_cell(4, 1, "abc"), 5, "Video Views"),
        (replace_cell(4, 1, "12.5"), 5, "Video Views"),
        (replace_cell(4, 1, "=1+1"), 5, "Video Views"),
        (replace_cell(4, 1, "9" * 16), 5, "Video Views"),
        (replace_cell(4, 0, "someday"), 5, "Date"),
        (replace_cell(4, 0, "January 3"), 5, "Video Views"),
        (write_csv([OVERVIEW]), 2, "Date"),
        (write_csv([row[:5] for row in make_overview(DAYS)]), 1, "Shares"),
        (write_csv(make_overview(DAYS)).replace(b'"1003"', b'"10"03"'), 5, "Video Views"),
    ],
    ids="word fraction formula too-large no-day repeated-day no-rows column-missing quote".split(),
)
def test_what_does_not_fit_is_refused_by_row_and_column(data: bytes, row: int, column: str) -> None:
    problem = read_overview(data).problems[0]
    assert (problem.file, problem.row, problem.column) == ("Overview.csv", row, column)


def test_shares_that_do_not_add_up_are_refused() -> None:
    rows = [["Gender", "Distribution"], ["Female", "0.5"], ["Male", "0.3"]]
    (problem,) = read("FollowerGender.csv", write_csv(rows)).problems
    assert (problem.row, problem.column) == (3, "Distribution")


def test_a_formula_in_a_caption_is_refused_and_a_mention_is_not() -> None:
    def content(title: str) -> Reading:
        row = ["January 30", title, LINK, "January 5", "3", "1", "2", "23301"]
        return read("Content.csv", write_csv([CONTENT, row]), last_day=date(2026, 1, 30))

    assert content('=HYPERLINK("http://x","y")').problems[0].column == "Video title"
    assert content("@lip.studio -20% today =)").problems == []
