"""Screen, API, CSV and XLSX show the same figures to the last digit; no cell is run as a formula."""

import csv
import io
import re
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from merchants.accounts.keys import make_key
from merchants.exports.writing import iterate_csv, make_safe, write_xlsx
from merchants.models import Account
from merchants.onboarding.welcome import prepare_first_visit
from merchants.shell.tables import Column, Table
from tests.factories import bearer, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return prepare_first_visit(make_user("alice")).accounts.get()


def read_csv(client: Client, path: str) -> list[list[str]]:
    answer: Any = client.get(path)
    text = b"".join(answer.streaming_content).decode("utf-8")
    assert text.startswith("\ufeff")
    assert int(answer["X-Row-Count"]) == len(text.splitlines()) - 1
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def plain(value: Any) -> str:
    """A number or text as CSV writes it, without needless zeros."""
    if isinstance(value, float | int) and not isinstance(value, bool):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    if value is None:
        return ""
    text = str(value)
    return text[:10] if re.fullmatch(r"\d{4}-\d\d-\d\d 00:00:00", text) else text


@pytest.mark.parametrize(("name", "address"), [("daily", "days"), ("videos", "videos")])
def test_the_four_ways_out_agree(client: Client, account: Account, name: str, address: str) -> None:
    alice = account.team.memberships.get().user
    client.force_login(alice)
    rows = read_csv(client, f"/export/{name}.csv?range=28")[1:]
    book = load_workbook(io.BytesIO(client.get(f"/export/{name}.xlsx?range=28").content))
    _key, text = make_key(alice, account.team, "sheet", ["figures:read"], 1)
    path = f"/api/v1/merchant/accounts/{account.pk}/{address}?range=28"
    told = Client().get(path, headers=bearer(text)).json()
    from_csv = [[plain(_number(cell)) for cell in row] for row in rows]
    from_book = [[plain(cell) for cell in row] for row in list(book.active.values)[1:]]  # type: ignore[union-attr]
    from_api = [[plain(value) for value in row.values()] for row in told]
    assert len(from_csv) == (28 if name == "daily" else 72)
    assert from_csv == from_book == from_api


def _number(text: str) -> Any:
    return float(text) if re.fullmatch(r"-?\d{1,15}(\.\d+)?", text) else text


def test_the_screen_shows_what_the_file_says(client: Client, account: Account) -> None:
    client.force_login(account.team.memberships.get().user)
    rows = read_csv(client, "/export/videos.csv?range=28")
    head, first = rows[0], rows[1]
    page = client.get("/cards/videos/?range=28").content.decode()
    views, rate = first[head.index("Views")], first[head.index("Watched to the end")]
    assert f"{int(views):,}" in page
    assert f"{float(rate):.2%}" in page


@pytest.mark.parametrize("text", ["=1+1", "+44 20", "-5%", "@handle", "\tx", "＝1"])
def test_no_text_is_run_as_a_formula(text: str) -> None:
    table = Table([Column("title", "Title")], [{"title": text}], "Test")
    assert make_safe(text) == f"'{text}"
    written = list(csv.reader(io.StringIO("".join(iterate_csv(table)))))[1][0]
    cell = load_workbook(io.BytesIO(write_xlsx(table))).active["A2"]  # type: ignore[index]
    assert (written, cell.value, cell.data_type) == (f"'{text}", f"'{text}", "s")
