"""A rule at work: it fires once for a day, is mailed to those who act, and tells the team's webhooks."""

from datetime import timedelta

import pytest
from django.core import mail

from merchants.alerts.watching import check_all, find_yesterday
from merchants.models import (
    Account,
    ActivityDay,
    AlertFiring,
    AlertRule,
    Facet,
    Membership,
    WebhookDelivery,
    WebhookEndpoint,
)
from tests.factories import make_account, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    account = make_account(make_user("alice", email="alice@example.org"), "lip.studio")
    viewer = make_user("bob", email="bob@example.org")
    Membership.objects.create(user=viewer, team=account.team, role="viewer")
    yesterday = find_yesterday(account)
    for back in range(36):
        told = {**dict.fromkeys(ActivityDay.MEASURES, 0), "views": 10 if back == 0 else 100}
        day = yesterday - timedelta(days=back)
        ActivityDay.objects.create(
            account=account, facet=Facet.SOURCE, day=day, market="GB", key="for_you", **told
        )
    return account


def test_a_drop_yesterday_fires_once_however_often_it_is_judged(account: Account) -> None:
    WebhookEndpoint.objects.create(
        team=account.team, url="https://example.org", secret="whsec_eA==", kinds=["alert.fired"]
    )
    AlertRule.objects.create(account=account, name="Views fall", metric="views", kind="drop", threshold=40)
    assert [check_all(), check_all()] == [1, 0]
    firing = AlertFiring.objects.get()
    assert (firing.day, firing.value, firing.usual) == (find_yesterday(account), 10, 100)
    (message,) = mail.outbox
    assert message.to == ["alice@example.org"]
    assert "Views fall" in message.subject
    assert WebhookDelivery.objects.get().payload["data"]["metric"] == "views"


def test_a_paused_rule_says_nothing(account: Account) -> None:
    AlertRule.objects.create(
        account=account, name="x", metric="views", kind="drop", threshold=40, is_paused=True
    )
    assert check_all() == 0
