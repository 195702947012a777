"""What merchants own: teams, accounts, the files they imported, and what they keep of the pages."""

from merchants.models.access import ApiKey
from merchants.models.accounts import Account, Avatar, Membership, Role, Team
from merchants.models.activity import ActivityDay, Facet
from merchants.models.alerts import AlertFiring, AlertKind, AlertRule
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
from merchants.models.job_parts import JobPart
from merchants.models.jobs import Job
from merchants.models.limits import VideoLimit
from merchants.models.niche import NicheScore
from merchants.models.pages import Annotation, SavedView, ShareLink
from merchants.models.reports import Cadence, ReportDelivery, ReportSchedule
from merchants.models.teamwork import AuditEntry, Invitation
from merchants.models.webhooks import WebhookDelivery, WebhookEndpoint

__all__ = [
    "Account",
    "ActivityDay",
    "AlertFiring",
    "AlertKind",
    "AlertRule",
    "Annotation",
    "ApiKey",
    "AudienceShare",
    "AuditEntry",
    "Avatar",
    "Cadence",
    "CurrentQuerySet",
    "DailyMetric",
    "Facet",
    "ImportFile",
    "ImportedRow",
    "Invitation",
    "Job",
    "JobPart",
    "Membership",
    "NicheScore",
    "Order",
    "ProductMetric",
    "ReportDelivery",
    "ReportSchedule",
    "Role",
    "SavedView",
    "ShareLink",
    "Team",
    "VideoLimit",
    "VideoMetric",
    "WebhookDelivery",
    "WebhookEndpoint",
]
