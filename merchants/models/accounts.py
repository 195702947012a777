"""Teams, who belongs to them, and the accounts they look after. A team is the wall between merchants."""

from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from recommender.markets import MARKET_CODES, MARKETS


def check_country(code: str) -> None:
    """Refuse what is no ISO 3166-1 country code."""
    if (
        len(code) != 2
        or not code.isascii()
        or code not in Locale("en").territories
        or code in ("ZZ", "EU", "UN")
    ):
        choices = ", ".join(MARKET_CODES)
        raise ValidationError(
            f"country {code!r} is no ISO code; a cart needs one of {choices}, others are two letters"
        )


def check_time_zone(name: str) -> None:
    """Refuse what is no IANA time zone."""
    if name not in available_timezones():
        raise ValidationError(f"time zone {name!r} is not known; give an IANA name such as Asia/Bangkok")


def find_time_zone(market: str) -> str:
    """The zone most people of a country live in; UTC where no country is told."""
    if market in MARKETS:
        return MARKETS[market].time_zone
    zones = get_global("territory_zones").get(market) or ["UTC"]
    return str(zones[0])


class Role(models.TextChoices):
    """What a member may do: an owner also manages members, an editor imports and undoes, a viewer looks."""

    OWNER = "owner", "Owner"
    EDITOR = "editor", "Editor"
    VIEWER = "viewer", "Viewer"


class Team(models.Model):
    """A merchant's company: everything below it is seen by its members alone."""

    name = models.CharField(max_length=100, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person on a team."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.VIEWER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "team"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team} as {self.role}"


class Account(models.Model):
    """A merchant's own creator account on the platform."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="accounts")
    handle = models.CharField(max_length=64, help_text="what follows the @")
    nickname = models.CharField(max_length=128, blank=True)
    market = models.CharField(
        max_length=2, blank=True, validators=[check_country], help_text="ISO 3166-1 country, empty = not told"
    )
    language = models.CharField(
        max_length=8, blank=True, help_text="BCP 47 tag of what is said in the videos"
    )
    niche = models.CharField(max_length=200, blank=True, help_text="what the account says it is about")
    time_zone = models.CharField(
        max_length=64, blank=True, validators=[check_time_zone], help_text="IANA name; empty = the country's"
    )
    creator_id = models.BigIntegerField(
        null=True, blank=True, db_index=True,
        help_text="the creator on the platform whose activity this account sees; an operator links it",
    )  # fmt: skip
    is_sample = models.BooleanField(
        default=False, help_text="made-up figures to look around in; its owner removes it in one click"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "handle"], name="account_handle_once")]

    def __str__(self) -> str:
        return f"@{self.handle}"

    @property
    def zone_name(self) -> str:
        """IANA name of the zone whose calendar days the account's figures are."""
        return self.time_zone or find_time_zone(self.market)


class Avatar(models.Model):
    """An account's picture, kept small and in the database: web processes share no disk."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="avatar")
    image = models.BinaryField(help_text="PNG, at most 512 pixels wide and high")
    sha256 = models.CharField(
        max_length=64, help_text="of the stored bytes; names the picture in its address"
    )
    uploaded_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"picture of {self.account}"
