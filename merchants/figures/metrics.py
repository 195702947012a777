"""The figures of an account: what each is called, what it is, and where it may come from.

A figure has up to three sources: imported days (TikTok Studio), imported orders, and the platform's own
counts.
Imports come first, because they are what the merchant sees elsewhere; only the platform's counts know
markets.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from merchants.shell.tables import Kind


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure. `imported` names days of imports, the preferred first; `per` makes a ratio of `activity`."""

    key: str
    title: str | Promise
    kind: Kind = "count"
    imported: tuple[str, ...] = ()
    orders: str = ""  # count or value: read from imported orders
    activity: str = ""
    per: str = ""  # divides `activity`: the figure is a ratio of sums, never a mean of ratios
    help: str | Promise = ""

    @property
    def is_ratio(self) -> bool:
        """Is it a ratio of two counts?"""
        return bool(self.per)


_ALL = (
    Metric("views", _("Views"), imported=("video_views",), activity="views"),
    Metric("viewers", _("Viewers"), imported=("total_viewers",)),
    Metric(
        "impressions", _("Impressions"), activity="impressions", help=_("times a video was shown in a feed")
    ),
    Metric("watch_seconds", _("Average watch time (s)"), "seconds", activity="watch_ms", per="views"),
    Metric("finish_rate", _("Watched to the end"), "rate", activity="finishes", per="views"),
    Metric("likes", _("Likes"), imported=("likes",), activity="likes"),
    Metric("comments", _("Comments"), imported=("comments",), activity="comments"),
    Metric("shares", _("Shares"), imported=("shares",), activity="shares"),
    Metric("profile_views", _("Profile views"), imported=("profile_views",)),
    Metric(
        "new_followers",
        _("New followers"),
        imported=("new_followers", "followers_gained"),
        activity="follows",
    ),
    Metric("cart_clicks", _("Cart clicks"), activity="cart_clicks"),
    Metric("orders", _("Orders"), orders="count", activity="orders"),
    Metric("gmv", _("GMV"), "money", orders="value", help=_("value of orders that were not cancelled")),
    Metric("click_rate", _("Cart clicks per view"), "rate", activity="cart_clicks", per="views"),
    Metric("order_rate", _("Orders per cart click"), "rate", activity="orders", per="cart_clicks"),
)
METRICS: dict[str, Metric] = {metric.key: metric for metric in _ALL}
#: The overview's cards, in reading order.
KEY_FIGURES = ("views", "new_followers", "finish_rate", "cart_clicks", "orders", "gmv")

SOURCE_NAMES = {
    "imported": _("TikTok Studio"),
    "orders": _("imported orders"),
    "activity": _("platform activity"),
}
