"""What merchants own: teams, accounts, and the files they imported."""

from merchants.models.access import ApiKey
from merchants.models.accounts import Account, Avatar, Membership, Role, Team
from merchants.models.figures import (
    AudienceShare,
    CurrentQuerySet,
    DailyMetric,
    ImportedRow,
    Order,
    ProductMetric,
    VideoMetric,
)
from merchants.models.imports import ImportFile
from merchants.models.niche import NicheScore

__all__ = [
    "Account",
    "ApiKey",
    "AudienceShare",
    "Avatar",
    "CurrentQuerySet",
    "DailyMetric",
    "ImportFile",
    "ImportedRow",
    "Membership",
    "NicheScore",
    "Order",
    "ProductMetric",
    "Role",
    "Team",
    "VideoMetric",
]
