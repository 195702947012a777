"""Teams: joined by invitation, never without an owner, and everything written down."""

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client

from merchants.accounts import teams
from merchants.models import Account, AuditEntry, Membership, Role
from tests.factories import make_account, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_account(make_user("alice", email="alice@example.org"), "lip.studio")


def test_an_invitation_is_for_one_address_and_works_once(account: Account) -> None:
    alice = account.team.memberships.get().user
    bob, charlie = make_user("bob", email="Bob@example.org"), make_user("charlie", email="c@example.org")
    _invitation, token = teams.invite(alice, account.team, "bob@example.org", Role.EDITOR)
    with pytest.raises(teams.TeamError, match="is for bob@"):
        teams.accept(charlie, token)
    assert teams.accept(bob, token) == account.team
    with pytest.raises(teams.TeamError, match="no longer open"):
        teams.accept(bob, token)
    assert Membership.objects.get(user=bob).role == Role.EDITOR
    kinds = list(AuditEntry.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["member_invited", "member_joined"]


def test_a_team_keeps_an_owner(account: Account) -> None:
    membership = account.team.memberships.get()
    for change in (
        lambda: teams.change_role(membership.user, membership, Role.VIEWER),
        lambda: teams.remove_member(membership.user, membership),
    ):
        with pytest.raises(teams.TeamError, match="needs an owner"):
            change()
    second = Membership.objects.create(user=make_user("bob"), team=account.team, role=Role.OWNER)
    teams.remove_member(membership.user, membership)
    assert list(account.team.memberships.all()) == [second]


def test_only_owners_manage_and_only_owners_read_the_log(account: Account, client: Client) -> None:
    bob = make_user("bob")
    Membership.objects.create(user=bob, team=account.team, role=Role.EDITOR)
    with pytest.raises(PermissionDenied):
        teams.invite(bob, account.team, "x@example.org", Role.OWNER)
    AuditEntry.objects.create(team=account.team, actor_name="alice", kind="key_made", about="secret-name")
    client.force_login(bob)
    assert "secret-name" not in client.get("/settings/audit/").content.decode()


def test_the_mail_of_an_invitation_has_its_link(
    account: Account, client: Client, django_capture_on_commit_callbacks: object
) -> None:
    client.force_login(account.team.memberships.get().user)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        client.post("/settings/people/", {"email": "bob@example.org", "role": "viewer"})
    (message,) = mail.outbox
    assert message.to == ["bob@example.org"]
    assert "/join/" in message.body
