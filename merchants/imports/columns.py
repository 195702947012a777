"""Which file is which: the headers of every format we read, in the spellings and languages they were seen in.

Columns are found by name, never by position; the platform renames and moves them every few months. The only
exception, `Format.has_fixed_shape`, is a Studio table with headers in a language that is not listed here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from merchants.imports.amounts import find_currency
from merchants.imports.translations import TRANSLATIONS

#: What the cells hold, and so how they are read.
Kind = Literal["day", "hour", "count", "money", "rate", "share", "text", "label", "ref", "link", "moment"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column we read. `headers` are its spellings; without `required` a file may lack it."""

    name: str
    kind: Kind
    headers: tuple[str, ...]
    required: bool = True


@dataclass(frozen=True, slots=True)
class Format:
    """A table we read; it is recognised where all columns of `identity` are there."""

    key: str
    title: str
    columns: tuple[Column, ...]
    identity: frozenset[str]
    entry: str = ""  # its name inside an archive
    has_fixed_shape: bool = False


def fold_header(header: str) -> str:
    """Header without case, spaces, width and currency, so that renamed units still match.

    `Gross merchandise value (Video) (S$)` becomes `grossmerchandisevalue(video)`.
    """
    return _fold(_split_currency(header)[0])


def find_header_currency(header: str) -> str:
    """ISO code of the currency in a header, or ''."""
    return find_currency(_split_currency(header)[1])


def _split_currency(header: str) -> tuple[str, str]:
    match = re.search(r"^(.*?)\s*\(([^()]{1,4})\)\s*$", unicodedata.normalize("NFKC", header))
    return (match[1], match[2]) if match and find_currency(match[2]) else (header, "")


def _fold(text: str) -> str:
    return re.sub(r"[\s_]+", "", unicodedata.normalize("NFKC", text).casefold()).strip("\ufeff")


def _columns(kind: Kind, table: str, required: bool = True) -> tuple[Column, ...]:
    """`name: spelling | spelling` per line."""
    columns = []
    for line in filter(None, map(str.strip, table.splitlines())):
        name, _, spellings = line.partition(":")
        columns.append(Column(name, kind, tuple(map(str.strip, spellings.split(" | "))), required))
    return tuple(columns)


OVERVIEW = Format(
    "studio_overview", "TikTok Studio: Overview",
    _columns("day", "day: Date") + _columns("count", """
    video_views: Video Views
    profile_views: Profile Views
    likes: Likes
    comments: Comments
    shares: Shares""") + _columns("count", "new_followers: New followers", required=False),
    frozenset({"day", "video_views"}), "Overview", has_fixed_shape=True,
)  # fmt: skip

CONTENT = Format(
    "studio_content", "TikTok Studio: Content",
    _columns("day", "exported_on: Time", required=False)
    + _columns("text", "title: Video title")
    + _columns("link", "link: Video link")
    + _columns("day", "posted_on: Post time")
    + _columns("count", """
    likes: Total likes
    comments: Total comments
    shares: Total shares
    views: Total views""")
    + _columns("count", "views_last_7_days: Views in the last 7 days", required=False),
    frozenset({"title", "link"}), "Content", has_fixed_shape=True,
)  # fmt: skip

VIEWERS = Format(
    "studio_viewers", "TikTok Studio: Viewers",
    _columns("day", "day: Date") + _columns("count", """
    total_viewers: Total Viewers
    new_viewers: New Viewers
    returning_viewers: Returning Viewers"""),
    frozenset({"day", "total_viewers"}), "Viewers", has_fixed_shape=True,
)  # fmt: skip

FOLLOWER_HISTORY = Format(
    "studio_follower_history", "TikTok Studio: Follower history",
    _columns("day", "day: Date") + _columns("count", """
    followers: Followers
    follower_change: Difference in followers from previous day"""),
    frozenset({"day", "followers"}), "FollowerHistory", has_fixed_shape=True,
)  # fmt: skip

FOLLOWER_ACTIVITY = Format(
    "studio_follower_activity", "TikTok Studio: Follower activity",
    _columns("day", "day: Date")
    + _columns("hour", "hour: Hour")
    + _columns("count", "active_followers: Active followers"),
    frozenset({"hour", "active_followers"}), "FollowerActivity", has_fixed_shape=True,
)  # fmt: skip

FOLLOWER_GENDER = Format(
    "studio_follower_gender", "TikTok Studio: Follower gender",
    _columns("label", "gender: Gender")
    + _columns("share", "share: Distribution"),
    frozenset({"gender", "share"}), "FollowerGender", has_fixed_shape=True,
)  # fmt: skip
FOLLOWER_TERRITORIES = Format(
    "studio_follower_territories", "TikTok Studio: Follower territories",
    _columns("label", "territory: Top territories")
    + _columns("share", "share: Distribution"),
    frozenset({"territory", "share"}), "FollowerTopTerritories", has_fixed_shape=True,
)  # fmt: skip

SHOP_VIDEOS = Format(
    "shop_video_analytics", "TikTok Shop: Video analytics",
    _columns("ref", "video: Video ID")
    + _columns("text", "title: Video Info | Video title\nproducts: Products | Product", required=False)
    + _columns("text", "creator: Creator name | Creator username\ncreator_id: Creator ID", required=False)
    + _columns("day", "posted_on: Time | Post time | Publish time", required=False)
    + _columns("count", "views: VV | Video views")
    + _columns("count", """
    likes: Likes
    comments: Comments
    shares: Shares
    new_followers: New followers
    live_clicks: V-to-L clicks
    product_impressions: Product Impressions
    product_clicks: Product Clicks
    customers: Buyers | Customers | Unique customers | Est. customers
    orders: Orders
    items_sold: Unit Sales | Video items sold | Items sold""", required=False)
    + _columns("money", """
    gmv: Video Revenue | Gross merchandise value (Video) | GMV (Video)
    gpm: GPM
    attributed_gmv: Shoppable video attributed GMV""", required=False)
    + _columns("rate", """
    click_through_rate: CTR
    live_click_rate: V-to-L rate
    finish_rate: Video Finish Rate
    click_to_order_rate: CTOR""", required=False),
    frozenset({"video", "views"}),
)  # fmt: skip

SHOP_PRODUCTS = Format(
    "shop_product_analytics", "TikTok Shop: Product analytics",
    _columns("ref", "product: Product ID") + _columns("text", "title: Product Name")
    + _columns("label", """
    status: Listing status | Status
    gmv_range: GMV range
    voc_diagnosis: VoC diagnosis""", required=False)
    + _columns("money", "gmv: GMV | Gross merchandise value")
    + _columns("money", """
    seller_live_gmv: Seller LIVE-attributed GMV
    seller_video_gmv: Seller video-attributed GMV
    creator_gmv: Creator-attributed GMV | Affiliate GMV
    creator_live_gmv: Creator LIVE-attributed GMV | Affiliate LIVE-attributed GMV | Affiliate LIVE GMV
    creator_video_gmv: Affiliate video-attributed GMV | Creator video-attributed GMV | Affiliate video GMV
    product_card_gmv: Seller product card GMV
    average_order_value: AOV (SKU orders) | AOV
    gmv_with_tax: GMV with tax
    tax: Tax
    gmv_with_funding: Gross merchandise value (with TikTok co-funding)
    shipping_fees: Shipping fees
    refunds: Refunds
    shop_tab_gmv: Shop tab GMV""", required=False)
    + _columns("count", """
    orders: Orders
    sku_orders: SKU orders
    items_sold: Items sold | Unit sales
    customers: Est. customers | Customers | Unique customers
    product_impressions: Product impressions
    product_clicks: Product clicks
    cart_adds: Add-to-cart count
    unique_product_impressions: Unique product impressions
    unique_clicks: Unique clicks
    cart_add_customers: Add-to-cart users
    items_refunded: Items refunded
    refund_customers: Refund customers
    shop_tab_impressions: Shop tab product impressions
    shop_tab_clicks: Shop tab product clicks
    unique_shop_tab_clicks: Unique Shop tab product clicks
    shop_tab_customers: Est. Shop tab customers
    shop_tab_items_sold: Shop tab items sold""", required=False)
    + _columns("rate", """
    click_through_rate: CTR
    cart_add_rate: Add-to-cart rate
    click_to_order_rate: CTOR (SKU order) | CTOR
    unique_click_through_rate: Unique CTR
    unique_cart_add_rate: Unique ATC rate
    unique_click_to_order_rate: Unique CTOR (SKU order)
    shop_tab_click_through_rate: Shop tab CTR
    shop_tab_click_to_order_rate: Shop tab CTOR (SKU)""", required=False),
    frozenset({"product", "title", "gmv"}),
)  # fmt: skip

#: Nothing about the buyer is listed here, and what is not listed is never read.
SHOP_ORDERS = Format(
    "shop_orders", "TikTok Shop: Orders",
    _columns("ref", "order: Order ID\nsku: SKU ID")
    + _columns("label", "status: Order Status")
    + _columns("moment", "created_at: Created Time | Order Created Time")
    + _columns("moment", "paid_at: Paid Time", required=False)
    + _columns("text", "title: Product Name\nvariation: Variation\nseller_sku: Seller SKU", required=False)
    + _columns("count", "quantity: Quantity")
    + _columns("count", "returned_quantity: Sku Quantity of return", required=False)
    + _columns("money", """
    unit_price: SKU Unit Original Price
    subtotal_before_discount: SKU Subtotal Before Discount
    platform_discount: SKU Platform Discount
    seller_discount: SKU Seller Discount
    subtotal: SKU Subtotal After Discount
    shipping_fee: Shipping Fee After Discount
    shipping_fee_before_discount: Original Shipping Fee
    shipping_seller_discount: Shipping Fee Seller Discount
    shipping_platform_discount: Shipping Fee Platform Discount
    payment_discount: Payment platform discount
    taxes: Taxes
    buyer_service_fee: Buyer Service Fee
    handling_fee: Handling Fee
    shipping_insurance: Shipping Insurance
    item_insurance: Item Insurance
    order_amount: Order Amount
    refund_amount: Order Refund Amount""", required=False),
    frozenset({"order", "status", "sku"}),
)  # fmt: skip

FORMATS = (
    FOLLOWER_ACTIVITY, FOLLOWER_GENDER, FOLLOWER_TERRITORIES, VIEWERS, FOLLOWER_HISTORY, CONTENT, OVERVIEW,
    SHOP_ORDERS, SHOP_PRODUCTS, SHOP_VIDEOS,
)  # fmt: skip

#: Headers that only a file we do not read has -> what it is, and where the right one is found.
FOREIGN = (
    (
        "Campaign name | Nama kampanye | 推广系列名称 | Tên chiến dịch", "an Ads Manager report",
        "advertising reports are not imported; in TikTok Studio choose Analytics, Overview, Download data",
    ),
    (
        "Reached audience | Målgrupp som nåtts | Net growth | Nettotillväxt | Lost followers | "
        "Tappade följare | Website clicks | Webbplatsklickar | Product link clicks | "
        "Klick på produktlänkar | Videovisningar | "
        "Phone number clicks | Telefonnummerklickar | Leads submission | Insamlade leads | Videotitel",
        "an older Business Suite export",
        "its columns are translated and no longer kept up; in TikTok Studio choose Analytics, Download data",
    ),
    (
        "Store Name | Self-Account Live GMV | Affiliate Video GMV(USD)", "a shop ranking of another tool",
        "it is about other shops; download your own from Seller Center, Data, Product analytics",
    ),
    (
        "Creator follower count | Level 1 category | Direct GMV", "a partner's custom report",
        "download Product or Video analytics from Seller Center instead",
    ),
)  # fmt: skip


@cache
def index_headers(fmt: Format) -> dict[str, Column]:
    """Folded spelling -> column."""
    known = {}
    for column in fmt.columns:
        for spelling in column.headers:
            translations = TRANSLATIONS.get(spelling, "").split(" | ")
            known.update({fold_header(text): column for text in (spelling, *translations) if text})
    return known


def match_headers(fmt: Format, cells: Sequence[str]) -> dict[int, Column]:
    """Position -> column, for each cell of a header row that the format knows; the first of a name counts."""
    known = index_headers(fmt)
    matched: dict[int, Column] = {}
    for position, cell in enumerate(cells):
        column = known.get(fold_header(cell))
        if column and column not in matched.values():
            matched[position] = column
    return matched


def find_format(cells: Sequence[str]) -> Format | None:
    """The format that a header row belongs to: all of its identity is there, and most of its columns."""
    found = []
    for fmt in FORMATS:
        names = {column.name for column in match_headers(fmt, cells).values()}
        if fmt.identity <= names:
            found.append((len(names), fmt))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def find_foreign(cells: Sequence[str]) -> tuple[str, str, str] | None:
    """(header, what the file is, what to do) where a header row belongs to a file we do not read."""
    folded = {fold_header(cell): cell for cell in cells}
    for spellings, what, way_out in FOREIGN:
        for spelling in spellings.split(" | "):
            if header := folded.get(fold_header(spelling)):
                return header, what, way_out
    return None
