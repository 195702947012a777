"""Readings into tables: all of a file or nothing of it, once, and undone without a trace in any figure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from merchants.accounts.access import accounts_for, require_role
from merchants.accounts.announcing import announce
from merchants.accounts.audit import note
from merchants.imports.reading import read_upload
from merchants.imports.rows import Reading, ReadingContext, Section
from merchants.imports.shop import find_market_currency
from merchants.models import (
    Account,
    AudienceShare,
    DailyMetric,
    ImportedRow,
    ImportFile,
    Order,
    ProductMetric,
    Role,
    VideoMetric,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Answers:
    """What a merchant said when a file alone did not tell."""

    first_day: date | None = None
    last_day: date | None = None
    date_order: str = ""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of an upload. `import_file` is None where it was refused or only looked at."""

    reading: Reading
    import_file: ImportFile | None = None
    was_known: bool = False

    @property
    def is_refused(self) -> bool:
        """Was anything wrong with it?"""
        return bool(self.reading.problems)


def preview_file(account: Account, name: str, data: bytes, answers: Answers | None = None) -> ImportResult:
    """Read an upload as `import_file` would, and store nothing."""
    answers = answers or Answers()
    today = timezone.now().astimezone(ZoneInfo(account.zone_name)).date()
    context = ReadingContext(today, account.market, answers.first_day, answers.last_day, answers.date_order)
    reading = read_upload(name, data, context)
    if reading.handle and reading.handle != account.handle:
        reading.notes.append(
            f"the file says it is about @{reading.handle}, it goes to @{account.handle}; check"
        )
    return ImportResult(reading)


def import_file(
    account: Account, user: User | None, name: str, data: bytes, answers: Answers | None = None
) -> ImportResult:
    """Store an upload, all of it or nothing.

    The same bytes twice have one effect: the second time the first import is returned. `user` is None for an
    operator at the command line.

    Raises
    ------
    PermissionDenied
        The user is no editor of the account's team.
    """
    if user is not None:
        require_role(user, account, Role.EDITOR)
    result = preview_file(account, name, data, answers)
    if result.is_refused:
        return result
    sha256 = hashlib.sha256(data).hexdigest()
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)  # two uploads of one account take turns
        known = ImportFile.objects.filter(account=account, sha256=sha256, undone_at=None).first()
        if known:
            return ImportResult(result.reading, known, was_known=True)
        stored = _store(account, user, sha256, result.reading)
        note(account.team, user, "file_imported", f"{stored.name} for @{account.handle}")
        announce(account.team, "import.stored", _describe(stored))
    return ImportResult(result.reading, stored)


def import_files(
    account: Account, user: User, uploads: Sequence[tuple[str, bytes]], answers: Answers | None = None
) -> list[ImportResult]:
    """Store several uploads, all of them or none: one that is refused keeps the others out too."""
    previews = [preview_file(account, name, data, answers) for name, data in uploads]
    if any(preview.is_refused for preview in previews):
        return previews
    with transaction.atomic():
        return [import_file(account, user, name, data, answers) for name, data in uploads]


def undo_import(user: User | None, import_file_id: int, by: User | None = None) -> ImportFile:
    """Take a file's figures back; what it had overridden counts again. Undoing twice changes nothing.

    `user` is None where an operator acts for the merchant; `by` then says who.

    Raises
    ------
    ImportFile.DoesNotExist
        No such file among the accounts of this person.
    PermissionDenied
        The person sees the file, and is no editor.
    """
    files = ImportFile.objects.all() if user is None else list_imports(user)
    with transaction.atomic():
        file = files.select_for_update(of=("self",)).get(pk=import_file_id)
        if user is not None:
            require_role(user, file.account, Role.EDITOR)
        if file.undone_at is None:
            file.undone_at = timezone.now()
            file.undone_by = user or by
            file.save(update_fields=["undone_at", "undone_by"])
            note(file.account.team, user or by, "import_undone", f"{file.name} of @{file.account.handle}")
            announce(file.account.team, "import.undone", _describe(file))
    return file


def list_imports(user: User) -> QuerySet[ImportFile]:
    """The import history of all accounts that this person sees, newest first."""
    accounts = accounts_for(user)
    return ImportFile.objects.filter(account__in=accounts).select_related("account").order_by("-pk")


def _describe(file: ImportFile) -> dict[str, object]:
    """A file as a webhook tells of it."""
    days = {"first_day": file.first_day, "last_day": file.last_day}
    told = {name: day.isoformat() if day else None for name, day in days.items()}
    base = {"import_id": file.pk, "account": file.account.handle, "name": file.name, "format": file.format}
    return {**base, **told, "rows": file.row_count}


def _store(account: Account, user: User | None, sha256: str, reading: Reading) -> ImportFile:
    file = ImportFile.objects.create(
        account=account,
        sha256=sha256,
        name=reading.name[-255:],
        format=reading.format,
        first_day=reading.first_day,
        last_day=reading.last_day,
        row_count=reading.row_count,
        totals={header: str(value) for header, value in reading.totals.items()},
        notes=reading.notes,
        nickname=reading.nickname,
        imported_by=user,
    )
    as_of = reading.last_day or timezone.now().astimezone(ZoneInfo(account.zone_name)).date()
    for section in reading.sections:
        for rows in _make_rows(file, section, as_of):
            _save(rows)
    return file


def _save(rows: Iterable[ImportedRow]) -> None:
    made = list(rows)
    if made:
        type(made[0]).objects.bulk_create(made, batch_size=_BATCH)


def _make_rows(file: ImportFile, section: Section, as_of: date) -> Iterable[Iterable[ImportedRow]]:
    owner = {"import_file": file, "account": file.account}
    yield (
        DailyMetric(**owner, day=one.day, hour=one.hour, metric=one.metric, value=one.value)
        for one in section.day_values
    )
    yield (
        AudienceShare(**owner, day=as_of, kind=one.kind, label=one.key[:32], share=one.share)
        for one in section.shares
    )
    yield (
        VideoMetric(
            **owner, source=one.source, video_ref=one.video_ref, first_day=one.first_day,
            last_day=one.last_day, posted_on=one.posted_on, title=one.title, link=one.link,
            products=one.products, currency=one.currency, values=one.values,
        )
        for one in section.videos
    )  # fmt: skip
    yield (
        ProductMetric(
            **owner, product_ref=one.product_ref, first_day=one.first_day, last_day=one.last_day,
            title=one.title, status=one.status[:64], currency=one.currency, values=one.values,
        )
        for one in section.products
    )  # fmt: skip
    yield _make_orders(file, section)


def _make_orders(file: ImportFile, section: Section) -> Iterable[ImportedRow]:
    zone = ZoneInfo(file.account.zone_name)
    currency = find_market_currency(file.account.market)

    for one in section.orders:
        yield Order(
            import_file=file, account=file.account, order_ref=one.order_ref, sku_ref=one.sku_ref,
            line=one.line, status=one.status, status_text=one.status_text[:64], title=one.product_title,
            variation=one.variation, seller_sku=one.seller_sku, currency=currency,
            created_on=one.created_at.date(), created_at=one.created_at.replace(tzinfo=zone),
            paid_at=one.paid_at and one.paid_at.replace(tzinfo=zone), values=one.values,
        )  # fmt: skip
