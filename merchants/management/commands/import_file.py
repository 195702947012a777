"""`manage.py import_file FILE --account HANDLE`: what the import page does, for operators and scripts."""

import json
from argparse import ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from merchants.imports.containers import MAX_FILE_BYTES
from merchants.imports.report import describe_result
from merchants.imports.storing import Answers, ImportResult, import_file, preview_file
from merchants.models import Account, Team

#: Team of accounts that an operator imports for before their merchant has signed up.
OPERATOR_TEAM = "Operators"


def read_day(text: str) -> date:
    """A day as YYYY-MM-DD."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day; write it as 2026-01-31") from None


class Command(BaseCommand):
    """Import an export of TikTok Studio, TikTok Shop or 'Download your data' for an account."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, whose it is, and answers to what the file leaves open."""
        parser.add_argument("file", type=Path, help="CSV, XLSX, JSON or ZIP as the platform gave it")
        parser.add_argument("--account", required=True, metavar="HANDLE", help="what follows the @")
        parser.add_argument(
            "--team", metavar="NAME", help="where several teams have the handle, or for a new one"
        )
        parser.add_argument(
            "--market", metavar="CC", default="", help="country of an account that is new here"
        )
        parser.add_argument(
            "--preview", action="store_true", help="say what would be imported, store nothing"
        )
        parser.add_argument("--json", type=Path, metavar="OUT", help="write the report to this file too")
        parser.add_argument("--first-day", type=read_day, help="first day that the file covers, YYYY-MM-DD")
        parser.add_argument("--last-day", type=read_day, help="last day that the file covers, YYYY-MM-DD")
        parser.add_argument("--date-order", choices=["dmy", "mdy"], default="", help="day or month first")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import or preview; exit 1 where the file is refused."""
        path: Path = options["file"]
        account, is_new = self._find_account(options)
        answers = Answers(options["first_day"], options["last_day"], options["date_order"])
        data = self._read(path)
        if options["preview"]:
            result = preview_file(account, path.name, data, answers)
        else:
            if is_new:
                self._save_account(account, options["team"], preview_file(account, path.name, data, answers))
            result = (
                import_file(account, None, path.name, data, answers)
                if account.pk
                else preview_file(account, path.name, data, answers)
            )
        report = describe_result(result, account, is_preview=options["preview"])
        if options["json"]:
            options["json"].write_text(
                json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
            )
        self._print(report)
        if result.is_refused:
            raise CommandError(f"{path.name} is refused and nothing of it is stored", returncode=1)

    def _read(self, path: Path) -> bytes:
        try:
            with path.open("rb") as file:
                return file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}") from None

    def _find_account(self, options: dict[str, Any]) -> tuple[Account, bool]:
        """The account of the handle, or a new one that is not saved yet."""
        handle = options["account"].removeprefix("@")
        accounts = Account.objects.filter(handle=handle).select_related("team")
        if options["team"]:
            accounts = accounts.filter(team__name=options["team"])
        found = list(accounts[:2])
        if len(found) > 1:
            teams = ", ".join(accounts.order_by("team__name").values_list("team__name", flat=True))
            raise CommandError(f"@{handle} stands in several teams ({teams}); choose one with --team")
        if found:
            return found[0], False
        account = Account(handle=handle, market=options["market"].upper())
        try:
            account.clean_fields(exclude=["team"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        return account, True

    def _save_account(self, account: Account, team_name: str | None, preview: ImportResult) -> None:
        """An account that is new here is made only for a file that is good."""
        if not preview.is_refused:
            account.team, _ = Team.objects.get_or_create(name=team_name or OPERATOR_TEAM)
            account.save()
            self.stdout.write(f"@{account.handle} is new here; made in team {account.team.name!r}")

    def _print(self, report: dict[str, Any]) -> None:
        span = f"{report['first_day']} to {report['last_day']}" if report["first_day"] else "no days"
        self.stdout.write(
            f"{report['file']}: {report['format'] or 'unknown format'}, {span}, {report['rows']} rows"
        )
        for header, total in report["totals"].items():
            self.stdout.write(f"  {header}: {total}")
        for note in report["notes"]:
            self.stdout.write(f"note: {note}")
        for problem in report["problems"]:
            self.stderr.write(f"problem: {problem['text']}")
        self.stdout.write(f"{report['state']} for @{report['account']}")
