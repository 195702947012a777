"""Names of the niches in the page's language; a niche an operator added is shown by its slug in words."""

from __future__ import annotations

from django.utils.translation import gettext as _


def name_niche(slug: str) -> str:
    """What a merchant calls a niche."""
    return (_list_for_people() | _list_for_homes()).get(slug, slug.replace("-", " "))


def _list_for_people() -> dict[str, str]:
    """What is worn, applied or swallowed."""
    return {
        "apparel": _("Clothing"),
        "baby": _("Baby goods"),
        "bags": _("Bags"),
        "eyewear": _("Eyewear"),
        "haircare": _("Hair care"),
        "hats": _("Hats"),
        "hijab": _("Hijab"),
        "jewelry": _("Jewelry"),
        "lipstick": _("Lipstick"),
        "makeup": _("Makeup"),
        "nails": _("Nails"),
        "perfume": _("Perfume"),
        "shoes": _("Shoes"),
        "skincare": _("Skin care"),
        "supplements": _("Supplements"),
        "watches": _("Watches"),
    }


def _list_for_homes() -> dict[str, str]:
    """What is put up, used, eaten or played with."""
    return {
        "appliances": _("Appliances"),
        "bedding": _("Bedding"),
        "bicycles": _("Bicycles"),
        "books": _("Books"),
        "cameras": _("Cameras"),
        "camping": _("Camping"),
        "car-accessories": _("Car accessories"),
        "cleaning": _("Cleaning"),
        "fishing": _("Fishing"),
        "furniture": _("Furniture"),
        "gaming": _("Gaming"),
        "groceries": _("Groceries"),
        "headphones": _("Headphones"),
        "home-decor": _("Home decor"),
        "instruments": _("Instruments"),
        "kitchenware": _("Kitchenware"),
        "laptops": _("Laptops"),
        "lighting": _("Lighting"),
        "motorcycle-accessories": _("Motorcycle accessories"),
        "party-supplies": _("Party supplies"),
        "pet-supplies": _("Pet supplies"),
        "phone-cases": _("Phone cases"),
        "phones": _("Phones"),
        "plants": _("Plants"),
        "snacks": _("Snacks"),
        "sports": _("Sports"),
        "stationery": _("Stationery"),
        "tea-coffee": _("Tea and coffee"),
        "tools": _("Tools"),
        "toys": _("Toys"),
        "none": _("nothing sold"),
    }
