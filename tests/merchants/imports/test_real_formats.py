"""Files generated to the real formats, in eleven languages; every file that must be refused is, by place."""

import csv
import io
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest

from merchants.imports.reading import read_upload
from merchants.imports.rows import Reading, ReadingContext

pytestmark = pytest.mark.real_data
TODAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def folder(data_dir: Path) -> Path:
    return data_dir / "tiktok-exports" / "synthetic"


def read(path: Path) -> Reading:
    return read_upload(path.name, path.read_bytes(), ReadingContext(TODAY, "GB"))


def test_every_good_file_is_read(folder: Path) -> None:
    files = [path for path in folder.iterdir() if path.is_file()]
    assert len(files) > 50
    assert [(path.name, str(problem)) for path in files for problem in read(path).problems] == []


def test_every_bad_file_is_refused_with_its_row_and_column(folder: Path) -> None:
    files = list((folder / "bad").iterdir())
    assert len(files) > 10
    for path in files:
        problem = read(path).problems[0]
        assert problem.file == path.name
        assert problem.row >= 1 and problem.column, path.name


def test_an_overview_has_each_day_and_figure_in_every_language(folder: Path) -> None:
    files = sorted(folder.glob("*__Overview_*.zip"))
    assert len(files) > 8
    for path in files:
        with zipfile.ZipFile(path) as archive:
            (name,) = archive.namelist()
            if not name.endswith(".csv"):
                continue
            text = archive.read(name).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text)))[1:]
        reading = read(path)
        found = [
            (one.day, one.value) for one in reading.sections[0].day_values if one.metric == "video_views"
        ]
        first = date(2025, 12, 1)
        assert found == [(first + timedelta(days=n), int(row[1])) for n, row in enumerate(rows)], path.name


def test_all_languages_of_one_export_are_the_same(folder: Path) -> None:
    for section in ("Content", "Followers", "Overview", "Viewers"):
        seen = {
            tuple(
                sorted((str(one.day), one.metric, one.hour, one.value) for part in read(path).sections
                       for one in part.day_values if one.hour < 0)
            )
            for path in folder.glob(f"*__{section}_*lip.studio.zip")
        }  # fmt: skip
        assert len(seen) == 1, section
