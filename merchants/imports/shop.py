"""TikTok Shop tables: videos with their carts, products, and orders without anything about the buyer."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from babel.numbers import get_territory_currencies

from merchants.imports.columns import find_header_currency
from merchants.imports.moments import find_order, parse_moment
from merchants.imports.rows import (
    CellError,
    OrderLine,
    Problem,
    ProductRow,
    ReadingContext,
    RefusedError,
    Section,
    VideoRow,
)
from merchants.imports.sheets import Sheet, parse_ref

_RANGE = re.compile(
    r"(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4})\s*(?:~|–|—|至|to|-)\s*(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4})"
)

#: Order states in the languages seen and those of the eight markets; other texts are kept as they are.
_STATUS = {
    "to_ship": "To ship | Awaiting shipment | Awaiting collection | Perlu dikirim"
    " | Untuk dihantar | Perlu dihantar | 待发货 | 待出貨 | Chờ giao hàng | Cần gửi | ที่ต้องจัดส่ง | เตรียมจัดส่ง",
    "shipped": "Shipped | In transit | Dikirim | Dihantar | Telah dihantar | 已发货 | 運送中 | Đã gửi hàng"
    " | Đã vận chuyển | จัดส่งแล้ว | Delivered | Terkirim | 已送达 | Đã giao",
    "completed": "Completed | Selesai | 已完成 | Đã hoàn tất | Hoàn thành | เสร็จสิ้น | เสร็จสมบูรณ์",
    "cancelled": "Canceled | Cancelled | Dibatalkan | Batal | 已取消 | Đã hủy | Đã huỷ | ยกเลิกแล้ว",
    "unpaid": "Unpaid | On hold | Belum dibayar | Belum bayar | 未付款 | 待付款 | Chưa thanh toán"
    " | ยังไม่ได้ชำระเงิน",
    "returned": "Returned | Refunded | Dikembalikan | Dipulangkan | 已退款 | 已退货 | Đã trả hàng"
    " | คืนสินค้าแล้ว",
}
_STATUS_CODES = {
    text.strip().casefold(): code for code, texts in _STATUS.items() for text in texts.split(" | ")
}


def read_shop(sheet: Sheet, context: ReadingContext) -> Section:
    """Typed rows of one Shop table; what is wrong stands in `sheet.problems`."""
    section = Section(sheet.file, sheet.format.key, row_count=len(sheet.rows))
    if sheet.format.key == "shop_orders":
        _drop_descriptions(sheet, section)
        _read_orders(sheet, section, context)
    elif sheet.format.key == "shop_video_analytics":
        _read_videos(sheet, section, context)
    else:
        _read_products(sheet, section, context)
    return section


def find_market_currency(market: str) -> str:
    """What people pay with in a country today, ISO 4217, or '' where the country is not known."""
    return (get_territory_currencies(market) or [""])[0] if market else ""


def _read_range(sheet: Sheet, context: ReadingContext) -> tuple[date, date]:
    """The span in the rows above the header, or the given one.

    Raises
    ------
    RefusedError
        No span is told, or it ends before it begins.
    """
    text = next((cell for row in sheet.preamble for cell in row if _RANGE.search(cell)), "")
    if not text and context.first_day and context.last_day:
        return context.first_day, context.last_day
    match = _RANGE.search(text)
    if match is None:
        message = "the file does not say which days it covers; give them (--first-day and --last-day)"
        raise RefusedError(Problem(sheet.file, 1, "", "", message))
    try:
        order = find_order([match[1], match[2]], context.market, context.today) or "dmy"
        first, last = parse_moment(match[1], order), parse_moment(match[2], order)
    except CellError as error:
        raise RefusedError(Problem(sheet.file, 1, "", text[:80], str(error))) from None
    if first is None or last is None or first > last:
        message = f"the span {text[:60]!r} ends before it begins; download the file again"
        raise RefusedError(Problem(sheet.file, 1, "", text[:80], message))
    return first.date(), last.date()


def _find_currency(sheet: Sheet, context: ReadingContext) -> str:
    """The one currency of the money columns: in their headers, else the market's."""
    found = {find_header_currency(sheet.headers[column.name]) for column in sheet.columns_of("money")} - {""}
    if len(found) > 1:
        message = f"the amounts are in {' and '.join(sorted(found))}; one file has one currency"
        raise RefusedError(Problem(sheet.file, sheet.header_number, "", "", message))
    return found.pop() if found else find_market_currency(context.market)


def _pick(numbers: dict[str, list[Decimal | None]], index: int) -> dict[str, Decimal]:
    return {name: value for name, column in numbers.items() if (value := column[index]) is not None}


def _check_repeats(sheet: Sheet, name: str, refs: list[str]) -> None:
    seen: dict[str, int] = {}
    for index, ref in enumerate(refs):
        if ref and seen.setdefault(ref, index) != index:
            message = f"{ref} stands in row {sheet.numbers[seen[ref]]} too; remove one of the two rows"
            sheet.add_problem(index, name, ref, message)


def _read_videos(sheet: Sheet, section: Section, context: ReadingContext) -> None:
    first, last = _read_range(sheet, context)
    currency = _find_currency(sheet, context)
    numbers = sheet.read_numbers(section, currency)
    refs = sheet.read_refs("video")
    titles, products = sheet.read_texts("title"), sheet.read_texts("products")
    posts = _read_post_days(sheet, context)
    _check_repeats(sheet, "video", refs)
    section.videos = [
        VideoRow(
            "shop", ref, first, last, _pick(numbers, index), _blank(titles[index]),
            posted_on=posts[index].date() if posts[index] else None,  # type: ignore[union-attr]
            products=_blank(products[index]), currency=currency,
        )
        for index, ref in enumerate(refs)
    ]  # fmt: skip
    section.first_day, section.last_day = first, last


def _read_post_days(sheet: Sheet, context: ReadingContext) -> list[datetime | None]:
    order = _find_file_order(sheet, ["posted_on"], context)
    return sheet.parse("posted_on", lambda text: parse_moment(text, order))


def _blank(text: str) -> str:
    return "" if text in ("--", "-") else text


def _read_products(sheet: Sheet, section: Section, context: ReadingContext) -> None:
    first, last = _read_range(sheet, context)
    currency = _find_currency(sheet, context)
    numbers = sheet.read_numbers(section, currency)
    refs = sheet.read_refs("product")
    titles, states = sheet.read_texts("title"), sheet.read_texts("status")
    _check_repeats(sheet, "product", refs)
    section.products = [
        ProductRow(ref, first, last, _pick(numbers, index), titles[index], states[index], currency)
        for index, ref in enumerate(refs)
    ]
    section.first_day, section.last_day = first, last


def _drop_descriptions(sheet: Sheet, section: Section) -> None:
    """The row under the header explains the columns: its 'id' is a sentence."""
    texts = sheet.texts("order")
    if (
        texts
        and re.search(r"[^\W\d_]{3}", texts[0])
        and re.search(r"[^\W\d_]{3}", sheet.texts("sku")[0] + "sku")
    ):
        try:
            parse_ref(texts[0])
        except CellError:
            if not any(sign.isdigit() for sign in texts[0]):
                del sheet.rows[0], sheet.numbers[0]
                section.row_count -= 1


def _find_file_order(sheet: Sheet, names: list[str], context: ReadingContext) -> str:
    """Day or month first, for all date columns of a table together."""
    texts = [text for name in names for text in sheet.texts(name)]
    if context.date_order:
        return context.date_order
    try:
        return find_order(texts, context.market, context.today)
    except CellError as error:
        name = next(name for name in names if name in sheet.positions)
        raise RefusedError(
            Problem(sheet.file, sheet.numbers[0], sheet.headers[name], sheet.texts(name)[0][:80], str(error))
        ) from None


def _read_orders(sheet: Sheet, section: Section, context: ReadingContext) -> None:
    if not sheet.rows:
        return
    order = _find_file_order(sheet, ["created_at", "paid_at"], context)
    created = sheet.parse("created_at", lambda text: _require(parse_moment(text, order)))
    paid = sheet.parse("paid_at", lambda text: parse_moment(text, order))
    currency = find_market_currency(context.market)
    numbers = sheet.read_numbers(section, currency)
    refs, skus = sheet.read_refs("order"), sheet.read_refs("sku")
    statuses, titles = sheet.read_texts("status"), sheet.read_texts("title")
    variations, seller_skus = sheet.read_texts("variation"), sheet.read_texts("seller_sku")
    lines: dict[tuple[str, str], int] = {}
    for index, moment in enumerate(created):
        if moment is None:
            continue
        line = lines.get((refs[index], skus[index]), -1) + 1
        lines[refs[index], skus[index]] = line
        section.orders.append(
            OrderLine(
                refs[index], skus[index], line, _STATUS_CODES.get(statuses[index].casefold(), ""),
                statuses[index], titles[index], variations[index], seller_skus[index],
                _pick(numbers, index), moment, paid[index],
            )
        )  # fmt: skip
    section.cover([moment.date() for moment in created if moment])
    _note_statuses(sheet, statuses)


def _require(moment: datetime | None) -> datetime:
    if moment is None:
        raise CellError("the order has no time; correct the cell or download the file again")
    return moment


def _note_statuses(sheet: Sheet, statuses: list[str]) -> None:
    if unknown := sorted({text for text in statuses if text and text.casefold() not in _STATUS_CODES}):
        sheet.notes.append(
            f"{sheet.file}: order states kept as written, their meaning is not listed: {unknown}"
        )
