"""A stored answer, put so that a page can show it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from merchants.models import Account, Job
from merchants.reach import charts
from merchants.reach.past import find_followers, list_past
from merchants.reach.questions import read_posts
from merchants.reach.wording import name_actions, name_change, name_drivers, name_outcomes, name_streams
from merchants.shell.formats import format_count, format_market, format_money, format_percent
from merchants.shell.niches import name_niche
from merchants.shell.tables import Column, Row, Table
from recommender import engine
from recommender.forecasts import AccountFacts, Draft, ReachQuestion
from recommender.markets import MARKET_CODES, MARKETS

#: Versions of an answer's shape that this code can show.
SCHEMAS = ("reach-1",)


def show_result(job: Job) -> dict[str, Any]:
    """Everything the page of a finished run needs.

    Raises
    ------
    ValueError
        If the answer has a shape this version does not know.
    """
    result = job.result or {}
    if result.get("schema") not in SCHEMAS:
        raise ValueError(f"this answer has the shape {result.get('schema')!r}; run the simulation again")
    forecast = result["forecast"]
    headline = forecast["total"]["outcomes"]["views"]
    return {
        "result": result,
        "headline": headline,
        "spans": [
            (_("50 % of outcomes"), headline["q25"], headline["q75"]),
            (_("90 % of outcomes"), headline["q05"], headline["q95"]),
        ],
        "milestones": [(int(views), chance) for views, chance in forecast["total"]["milestones"].items()],
        "kpis": _list_kpis(forecast),
        "charts": [charts.draw_histogram(forecast), charts.draw_path(forecast)],
        "markets_chart": charts.draw_markets(forecast),
        "markets_table": _tabulate_markets(forecast),
        "variants_chart": charts.draw_variants(result),
        "changes": [_show_change(change) for change in result["changes"]],
        "drivers": _show_drivers(result["drivers"]),
        "streams": [(name_streams()[name], line["q50"]) for name, line in forecast["streams"].items()],
        "cart_path": _show_paths(job, forecast),
        "cover": _tell_cover(result.get("cover")),
        "assumptions": _tabulate_assumptions(result["assumptions"]),
    }


def _list_kpis(forecast: dict[str, Any]) -> list[dict[str, Any]]:
    words = name_outcomes()
    shown = ("people", "completions", "likes", "comments", "shares", "follows", "cart_clicks", "orders")
    return [{"name": words[name], **forecast["total"]["outcomes"][name]} for name in shown]


def _tabulate_markets(forecast: dict[str, Any]) -> Table:
    """A row a country: views with their intervals, chances, orders and sales in its currency."""
    rows: list[Row] = []
    for market, line in sorted(
        forecast["markets"].items(), key=lambda pair: -float(pair[1]["outcomes"]["views"]["q50"])
    ):
        outcomes = line["outcomes"]
        rows.append(
            {
                "market": market,
                **{name: outcomes[name]["q50"] for name in ("views", "people", "likes", "orders")},
                "range": " – ".join(format_count(outcomes["views"][end]) for end in ("q05", "q95")),
                "likely": line["milestones"]["10000"],
                "cart": _("yes") if line["has_cart"] else _("no"),
                "gmv": outcomes["gmv"]["q50"],
                "currency": line["currency"],
            }
        )
    columns = [
        Column("market", _("Country"), "market"), Column("views", _("views"), "count"),
        Column("range", _("90 % of outcomes")), Column("people", _("people reached"), "count"),
        Column("likely", _("chance of 10,000"), "rate"), Column("likes", _("likes"), "count"),
        Column("cart", _("cart")), Column("orders", _("orders"), "decimal"),
        Column("gmv", _("sales"), "money"),
    ]  # fmt: skip
    return Table(columns, rows, _("Medians by country"))


def _show_change(change: dict[str, Any]) -> dict[str, Any]:
    gain = change["gain"]
    return {
        "name": name_change(change["name"]),
        "gain": gain["q50"],
        "range": f"{_sign(gain['q05'])} … {_sign(gain['q95'])}",
        "chance": change["chance_better"],
        "helps": gain["q50"] > 0.005,
        "hurts": gain["q50"] < -0.005,
        "text": _sign(gain["q50"]),
    }


def _sign(share: float) -> str:
    return ("+" if share > 0 else "") + format_percent(min(share, 99.0), 0)


def _show_drivers(drivers: dict[str, Any]) -> dict[str, Any]:
    names, actions = name_drivers(), name_actions()
    lost = [line for line in drivers["actions"] if line["share"] < 0]
    stops = drivers["stops"]
    return {
        "parts": [(names[line["name"]], line["share"]) for line in drivers["parts"]],
        "position": drivers["position_in_cohort"],
        "pool": drivers["limiting_pool"],
        "pool_chance": stops[drivers["limiting_pool"] - 1],
        "stops": [(place, chance) for place, chance in enumerate(stops, start=1)],
        "weakest": [
            (actions.get(line["action"], line["action"]), line["predicted"], line["usual"])
            for line in lost[:3]
        ],
        "markets": sorted(
            ((format_market(market), share) for market, share in drivers["market_shares"].items()),
            key=lambda pair: -pair[1],
        ),
    }


def _show_paths(job: Job, forecast: dict[str, Any]) -> list[dict[str, Any]]:
    """From being shown to a sale, by cart and by the link in the profile: what is left after each step."""
    market = job.request["account_market"]
    line = forecast["markets"].get(market)
    if line is None:
        return []
    outcomes = line["outcomes"]
    sales = format_money(outcomes["gmv"]["q50"], line["currency"])
    cart = ["impressions", "views", "cart_clicks", "orders"]
    profile = ["impressions", "profile_visits", "profile_clicks"]
    words = name_outcomes()
    return [
        {
            "title": title,
            "sales": sales if steps is cart else "",
            "steps": [(words[step], outcomes[step]["q50"]) for step in steps],
        }
        for title, steps in ((_("Cart in the video"), cart), (_("Link in the profile"), profile))
    ]


def _tell_cover(cover: dict[str, Any] | None) -> dict[str, Any] | None:
    """What the engine saw on the cover; None without one."""
    if cover is None:
        return None
    instead = cover["shows_instead"]
    return {
        "share": cover["shows_topic"],
        "instead": name_niche(instead) if instead else "",
        "instead_share": cover["shows_instead_chance"],
    }


def _tabulate_assumptions(lines: list[dict[str, Any]]) -> Table:
    rows: list[Row] = [
        {
            "what": line["what"].replace("_", " "),
            "market": line.get("market"),
            "value": _spell(line.get("value")),
            "unit": line.get("unit", ""),
            "as_of": line.get("as_of", ""),
            "source": line["source"],
            "status": _("checked") if line["is_verified"] else _("assumption"),
        }
        for line in lines
    ]
    columns = [
        Column("what", _("What")), Column("market", _("Country"), "market"), Column("value", _("Value")),
        Column("unit", _("Unit")), Column("as_of", _("As of")), Column("source", _("Source")),
        Column("status", _("Status")),
    ]  # fmt: skip
    return Table(columns, rows, _("What the answer leans on"))


def _spell(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_spell(one) for one in value)
    if isinstance(value, int) and abs(value) > 9999:
        return format_count(value)
    return "" if value is None else str(value)


def show_backtest(account: Account) -> dict[str, Any] | None:
    """Forecasts of the account's own earlier videos beside what came; None where nothing was imported."""
    past = list_past(account)
    market = account.market if account.market in MARKETS else MARKET_CODES[0]
    followers = find_followers(account) or 0
    draft = Draft("", MARKETS[market].main_language, 20.0, ())
    facts = AccountFacts(market, followers, read_posts(past, followers))
    lines = engine.backtest_account(ReachQuestion("backtest", draft, facts, 0.0, (market,)))
    known = [line for line in lines if line["has_past"]]
    if not known:
        return None
    for line in lines:
        line["label"] = datetime.fromtimestamp(line["published_at"], UTC).date().isoformat()
    return {
        "chart": charts.draw_backtest(known[-60:]),
        "videos": len(known),
        "coverage": [
            (
                _("Inside the 50 % interval (50 % is right)"),
                sum(line["in_50"] for line in known) / len(known),
            ),
            (
                _("Inside the 90 % interval (90 % is right)"),
                sum(line["in_90"] for line in known) / len(known),
            ),
        ],
        "followers": followers,
    }
