"""What merchants own: teams, accounts, and the files they imported."""

from merchants.models.accounts import Account, Membership, Role, Team
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

__all__ = [
    "Account",
    "AudienceShare",
    "CurrentQuerySet",
    "DailyMetric",
    "ImportFile",
    "ImportedRow",
    "Membership",
    "Order",
    "ProductMetric",
    "Role",
    "Team",
    "VideoMetric",
]
