"""Stored whole or not at all, once, for those who may; undone without a trace; also from the command line."""

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command

from merchants.imports.storing import import_file, list_imports, undo_import
from merchants.models import Account, DailyMetric, ImportFile, Membership
from tests.factories import make_account, make_user
from tests.merchants.imports.exports import list_days, make_overview, name_overview, write_csv, write_zip

pytestmark = pytest.mark.django_db
DAYS = list_days(date(2026, 1, 1), 5)


def make_file(views: str = "") -> tuple[str, bytes]:
    rows = make_overview(DAYS)
    if views:
        rows[1][1] = views
    return name_overview(DAYS[0]), write_zip({"Overview.csv": write_csv(rows)})


@pytest.fixture
def alice() -> Any:
    return make_user("alice")


@pytest.fixture
def account(alice: Any) -> Account:
    return make_account(alice, "lip.studio")


def read_views(account: Account) -> list[int]:
    rows = DailyMetric.objects.filter(account=account, metric="video_views").current()
    return [int(row.value) for row in rows.order_by("day")]


def test_the_same_bytes_twice_have_one_effect(alice: Any, account: Account) -> None:
    first, second = import_file(account, alice, *make_file()), import_file(account, alice, *make_file())
    assert (first.was_known, second.was_known) == (False, True)
    assert first.import_file == second.import_file
    assert read_views(account) == [1000, 1001, 1002, 1003, 1004]


def test_a_later_file_comes_before_an_earlier_until_it_is_undone(alice: Any, account: Account) -> None:
    import_file(account, alice, *make_file())
    later = import_file(account, alice, *make_file("2000"))
    assert read_views(account)[0] == 2000
    assert later.import_file is not None
    undo_import(alice, later.import_file.pk)
    undo_import(alice, later.import_file.pk)
    assert read_views(account)[0] == 1000
    assert import_file(account, alice, *make_file("2000")).was_known is False
    assert read_views(account)[0] == 2000


def test_a_refused_file_leaves_nothing_behind(alice: Any, account: Account) -> None:
    result = import_file(account, alice, *make_file("abc"))
    assert result.is_refused
    assert (ImportFile.objects.count(), DailyMetric.objects.count()) == (0, 0)


def test_a_viewer_looks_and_a_stranger_does_not(alice: Any, account: Account) -> None:
    bob, charlie = make_user("bob"), make_user("charlie")
    Membership.objects.create(user=bob, team=account.team, role="viewer")
    stored = import_file(account, alice, *make_file()).import_file
    assert stored is not None
    assert [file.pk for file in list_imports(bob)] == [stored.pk]
    assert list(list_imports(charlie)) == []
    for person in (bob, charlie):
        with pytest.raises(PermissionDenied):
            import_file(account, person, *make_file("2000"))
    with pytest.raises(PermissionDenied):
        undo_import(bob, stored.pk)
    with pytest.raises(ImportFile.DoesNotExist):
        undo_import(charlie, stored.pk)


def run(folder: Path, *extra: str, data: bytes | None = None) -> dict[str, Any]:
    name, made = make_file()
    path, out = folder / name, folder / "out.json"
    path.write_bytes(made if data is None else data)
    call_command(
        "import_file", str(path), "--account", "@new.shop", "--json", str(out), *extra,
        stdout=io.StringIO(), stderr=io.StringIO(),
    )  # fmt: skip
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def test_the_command_reports_format_range_rows_and_totals(tmp_path: Path) -> None:
    report = run(tmp_path, "--market", "TH")
    assert (report["state"], report["format"], report["rows"]) == ("stored", "studio_overview", 5)
    assert (report["first_day"], report["last_day"]) == ("2026-01-01", "2026-01-05")
    assert report["totals"]["Video Views"] == 5010
    assert report["problems"] == []
    account = Account.objects.get(handle="new.shop")
    assert (account.market, account.team.name) == ("TH", "Operators")
    assert run(tmp_path)["state"] == "already stored"


def test_a_preview_stores_nothing_not_even_the_account(tmp_path: Path) -> None:
    assert run(tmp_path, "--preview")["state"] == "preview"
    assert (Account.objects.count(), ImportFile.objects.count()) == (0, 0)


def test_a_refused_file_ends_the_command_with_its_problems(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nothing of it is stored"):
        run(tmp_path, data=make_file("abc")[1])
    report = json.loads((tmp_path / "out.json").read_text())
    (problem,) = report["problems"]
    assert (problem["file"], problem["row"], problem["column"]) == ("Overview.csv", 2, "Video Views")
    assert Account.objects.count() == 0
