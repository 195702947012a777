"""Shop's tables: drifting names, four currencies, two orders of a date, and no word about a buyer."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from merchants.imports.reading import read_upload
from merchants.imports.rows import Reading, ReadingContext
from tests.merchants.imports.exports import make_download, make_shop_videos, write_csv, write_xlsx, write_zip

TODAY = date(2026, 2, 28)
VIDEO = "7602469346252312210"


def read(name: str, data: bytes, market: str = "GB", **known: Any) -> Reading:
    return read_upload(name, data, ReadingContext(TODAY, market, **known))


@pytest.mark.parametrize(
    ("symbol", "currency", "amount", "value"),
    [
        ("$", "USD", "1,234.50", "1234.50"),
        ("£", "GBP", "1234.5", "1234.5"),
        ("S$", "SGD", "0.99", "0.99"),
        ("Rp", "IDR", "45.000", "45000"),
        ("₫", "VND", "1.250.000", "1250000"),
        ("RM", "MYR", "12.30", "12.30"),
        ("฿", "THB", "1,200", "1200"),
        ("₱", "PHP", "350.00", "350.00"),
    ],
)
def test_the_currency_stands_in_the_header(symbol: str, currency: str, amount: str, value: str) -> None:
    headers = ["Video ID", "Time", "VV", "Orders", f"Gross merchandise value (Video) ({symbol})", "CTR"]
    data = make_shop_videos([[VIDEO, "2026/01/07", "900", "3", amount, "12.30%"]], headers)
    reading = read("Videodetails_x.xlsx", data)
    assert reading.problems == []
    (video,) = reading.sections[0].videos
    assert (video.currency, video.values["gmv"]) == (currency, Decimal(value))
    assert video.values["click_through_rate"] == Decimal("0.123")
    assert (video.first_day, video.last_day) == (date(2026, 1, 1), date(2026, 1, 31))
    assert video.posted_on == date(2026, 1, 7)


def test_chinese_headers_and_missing_figures_are_read() -> None:
    headers = [
        "达人昵称",
        "达人ID",
        "视频信息",
        "视频ID",
        "发布时间",
        "商品",
        "VV",
        "点赞数",
        "视频成交订单数",
        "GMV（视频） ($)",
        "归因于带货视频的 GMV ($)",
    ]
    row = ["唇", "1", "口红", VIDEO, "2026/01/07", "--", "900", "--", "3", "10.50", "0"]
    data = make_shop_videos([row], headers, "[日期范围]: 2026-01-01 ~ 2026-01-31")
    (video,) = read("Videodetails_x.xlsx", data).sections[0].videos
    assert video.values == {"views": 900, "orders": 3, "gmv": Decimal("10.50"), "attributed_gmv": 0}
    assert (video.title, video.products, video.currency) == ("口红", "", "USD")


@pytest.mark.parametrize("rate", ["5%", "5.0 %", "0.05", "5,0%"])
def test_a_rate_is_a_fraction_however_it_is_written(rate: str) -> None:
    rows = [
        ["Analysis date: 01/01/2026~31/01/2026"],
        ["Product Name", "Product ID", "GMV", "CTR"],
        ["Lipstick", "1729384756", "£12.00", rate],
    ]
    (product,) = read("products.xlsx", write_xlsx(rows)).sections[0].products
    assert product.values["click_through_rate"] == Decimal("0.05")
    assert (product.first_day, product.last_day) == (date(2026, 1, 1), date(2026, 1, 31))


ORDER_HEADERS = [
    "Order ID",
    "Order Status",
    "SKU ID",
    "Product Name",
    "Quantity",
    "Order Amount",
    "Created Time",
    "Paid Time",
    "Buyer Username",
    "Recipient",
    "Phone #",
    "Detail Address",
    "Buyer Message",
]
PRIVATE = ["mia_rose", "Mia Rose", "(+60)123", "12 Jalan Ampang", "please wrap it"]


def make_orders(*created: str, status: str = "To ship") -> bytes:
    described = ["Platform unique order ID.", "Current order status.", "SKU ID."] + [""] * 10
    rows = [
        [f"58469726022595500{n}", status, "1735474415948890000", "Lipstick", "2", "130", text, "", *PRIVATE]
        for n, text in enumerate(created)
    ]
    return write_csv([ORDER_HEADERS, described, *rows])


def test_nothing_about_a_buyer_is_kept() -> None:
    reading = read("orders.csv", make_orders("25/01/2026 13:03:57"), "MY")
    assert reading.problems == []
    assert not any(word in repr(reading) for word in PRIVATE)
    (line,) = reading.sections[0].orders
    assert (line.order_ref, line.values["quantity"]) == ("584697260225955000", 2)


@pytest.mark.parametrize(
    ("market", "created", "moment"),
    [
        ("MY", ["05/02/2026 13:03:57"], "2026-02-05 13:03:57"),
        ("US", ["02/05/2026 1:03:57 PM"], "2026-02-05 13:03:57"),
        ("PH", ["05/02/2026 2:49:19 PM", "13/02/2026 2:49:19 PM"], "2026-02-05 14:49:19"),
        ("PH", ["02/05/2026 12:01:00 AM", "02/13/2026 2:49:19 PM"], "2026-02-05 00:01:00"),
        ("PH", ["2026-02-05 13:03:57"], "2026-02-05 13:03:57"),
    ],
)
def test_day_or_month_first_is_told_by_the_whole_file_or_the_market(
    market: str, created: list[str], moment: str
) -> None:
    reading = read("orders.csv", make_orders(*created), market)
    assert [str(problem) for problem in reading.problems] == []
    assert str(reading.sections[0].orders[0].created_at) == moment


def test_a_file_that_may_be_read_both_ways_asks() -> None:
    data = make_orders("02/01/2026 2:49:19 PM", "01/02/2026 2:49:19 PM")
    (problem,) = read("orders.csv", data, "PH").problems
    assert "--date-order" in problem.message
    lines = read("orders.csv", data, "PH", date_order="dmy").sections[0].orders
    assert [line.created_at.date() for line in lines] == [date(2026, 1, 2), date(2026, 2, 1)]


@pytest.mark.parametrize(
    ("status", "code"),
    [("Dikirim", "shipped"), ("已取消", "cancelled"), ("Selesai", "completed"), ("Neu", "")],
)
def test_a_state_is_known_in_the_markets_languages(status: str, code: str) -> None:
    (line,) = read("orders.csv", make_orders("25/01/2026 13:03", status=status), "MY").sections[0].orders
    assert (line.status, line.status_text) == (code, status)


def test_an_id_that_a_spreadsheet_has_rounded_is_refused() -> None:
    data = make_orders("25/01/2026 13:03:57").replace(b"584697260225955000", b"5.84697E+17")
    (problem,) = read("orders.csv", data, "MY").problems
    assert (problem.row, problem.column) == (3, "Order ID")


def test_two_currencies_in_one_file_are_refused() -> None:
    headers = ["Video ID", "VV", "Video Revenue ($)", "GPM (£)"]
    (problem,) = read("v.xlsx", make_shop_videos([[VIDEO, "1", "1", "1"]], headers)).problems
    assert "GBP and USD" in problem.message


def test_a_download_keeps_posts_and_follower_days_alone() -> None:
    posts = [
        {
            "Date": "2026-01-05 10:00:00",
            "Link": f"https://www.tiktokv.com/share/video/{VIDEO}/",
            "Likes": "7",
        },
        {"date": "2026-01-06 10:00:00", "link": "", "likes": "0", "title": "second"},
    ]
    data = make_download(
        posts,
        **{
            "Direct Message": {
                "Direct Messages": {"ChatHistory": {"with mia": [{"Content": "secret words"}]}}
            },
            "Likes and Favorites": {"Like List": {"ItemFavoriteList": [{"date": "x", "link": "liked"}]}},
        },
    )
    reading = read("user_data_tiktok.zip", write_zip({"user_data_tiktok.json": data}))
    assert reading.problems == []
    assert (reading.handle, reading.nickname) == ("lip.studio", "Lip Studio")
    assert [video.posted_on for video in reading.sections[0].videos] == [date(2026, 1, 5), date(2026, 1, 6)]
    assert not any(word in repr(reading) for word in ("secret words", "mia", "liked"))


def test_a_text_download_is_recognised_and_explained() -> None:
    data = b"Date: 2026-07-01\nLink: https://www.tiktokv.com/share/video/9000/\n\n"
    reading = read("data.zip", write_zip({"Watch History.txt": data}))
    assert any("request your data as JSON" in note for note in reading.notes)
