"""Overview, invitations, files and switchovers as a function administrator meets them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from groupware.audit.models import AuditEvent
from groupware.functions.models import FunctionAdministrator
from groupware.organisation.models import Unit
from tests.factories import webmail as make
from webmail.models import AccountImport, Invitation, MailAccount, MailServer, Switchover

pytestmark = pytest.mark.django_db
OVERVIEW = "/manage/webmail/overview/"
FILES = "/manage/webmail/files/"
INVITATIONS = "/manage/webmail/invitations/"


@pytest.fixture
def client() -> Client:
    """A browser in which a function administrator of webmail is signed in."""
    person = make.PersonFactory(username="manager")
    FunctionAdministrator.objects.create(key="webmail", user=person)
    browser = Client()
    browser.force_login(person)
    return browser


@pytest.fixture
def servers() -> dict[str, MailServer]:
    """Servers with one authorization server."""
    server = make.AuthorizationServerFactory()
    return {
        "incoming_server": make.MailServerFactory(key="imap", authorization_server=server),
        "outgoing_server": make.MailServerFactory(
            key="smtp", protocol="smtp", authorization_server=server
        ),
    }


def waiting(servers, **values) -> MailAccount:
    return make.MailAccountFactory(receive_authentication="oauth2", **servers, **values)


def words(response) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode()


def test_the_overview_counts_states_and_says_whose_turn_it_is(client, servers):
    account = waiting(
        servers,
        owner=make.PersonFactory(display_name="Aoki Haruka"),
        receive_health="owner_required",
        receive_error_code="not_authorized",
    )
    broken = make.MailAccountFactory(
        receive_health="administrator_required",
        receive_error_since=timezone.now() - timedelta(hours=2),
    )
    page = client.get(OVERVIEW)
    counts = {state["key"]: state["count"] for state in page.context["states"]}
    assert counts == {"": 2, "not_authorized": 1, "none": 1, "refused": 1}
    turns = {row.account.pk: row.turn for row in page.context["rows"]}
    assert turns == {account.pk: "Aoki Haruka", broken.pk: "Administrator"}
    (row,) = client.get(OVERVIEW, {"state": "refused"}).context["rows"]
    assert (row.account, row.since) == (broken, broken.receive_error_since)


def test_the_overview_filters_by_department_server_kind_and_words(client, servers):
    division = Unit.objects.create(key="sales", name="Sales")
    section = Unit.objects.create(key="east", name="East", parent=division)
    account = waiting(servers, address="find-me@example.jp")
    section.memberships.create(user=account.owner)
    make.MailAccountFactory()
    shared = waiting(servers, owner=None, kind="shared")

    def found(**query) -> set:
        return {row.account for row in client.get(OVERVIEW, query).context["rows"]}

    assert found(unit=division.public_id) == {account}
    assert found(server=servers["incoming_server"].public_id) == {account, shared}
    assert found(kind="shared") == {shared}
    assert found(q="find-me") == {account}
    assert len(found(state="nonsense", unit="nonsense", kind="nonsense")) == 3


def test_the_overview_answers_live_with_its_changing_part_alone(client, servers):
    waiting(servers)
    answer = client.get(OVERVIEW, headers={"HX-Request": "true"})
    assert "<html" not in words(answer)
    assert 'id="overview"' in words(answer)


@pytest.mark.parametrize("address", [OVERVIEW, INVITATIONS, f"{OVERVIEW}?q=example"])
def test_pages_ask_the_same_number_of_queries_for_one_and_for_many(client, servers, address):
    def counted(number: int) -> int:
        for _ in range(number):
            account = waiting(servers, receive_grant=make.GrantFactory())
            Invitation.objects.create(
                account=account,
                recipient=account.owner,
                expires_at=timezone.now() + timedelta(days=1),
            )
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
        return len(asked)

    assert counted(2) == counted(12)


def test_the_overview_is_exported_as_filtered_and_recorded(client, servers):
    waiting(servers, address="in@example.jp", name="=1+1")
    make.MailAccountFactory(address="out@example.jp")
    answer = client.post(f"{OVERVIEW}export/?state=not_authorized")
    text = words(answer)
    assert "in@example.jp" in text and "out@example.jp" not in text
    assert "Not authorized" in text
    assert AuditEvent.objects.get(name="webmail.accounts.exported").details == {"accounts": 1}


def test_times_of_the_exported_overview_are_those_of_the_reader(client, servers):
    get_user_model().objects.update(time_zone="America/New_York")
    waiting(servers, received_at=datetime(2026, 1, 2, 3, tzinfo=UTC))
    text = words(client.post(f"{OVERVIEW}export/"))
    assert "2026-01-01 22:00-05:00" in text


def test_ticked_mailboxes_are_invited_or_all_that_wait_within_the_filters(client, servers):
    one, other = waiting(servers), waiting(servers, address="other@example.jp")
    client.post(f"{INVITATIONS}invite/", {"selected": [one.public_id, "nonsense"]})
    assert [row.account for row in Invitation.objects.all()] == [one]
    client.post(f"{INVITATIONS}invite/?q=other", {"all": "1"})
    assert Invitation.objects.latest("pk").account == other
    client.post(f"{INVITATIONS}invite/", {"all": "1"})
    assert Invitation.objects.count() == 2, "a second press for everybody writes to nobody twice"
    client.post(f"{INVITATIONS}invite/", {"selected": [one.public_id]})
    assert Invitation.objects.count() == 3
    page = client.get(INVITATIONS)
    assert page.context["progress"].invited == 2


def test_invitations_are_withdrawn_and_made_again(client, servers):
    account = waiting(servers)
    client.post(f"{INVITATIONS}invite/", {"all": "1"})
    row = Invitation.objects.get()
    client.post(f"{INVITATIONS}again/", {"selected": [row.public_id]})
    newer = Invitation.objects.latest("pk")
    client.post(f"{INVITATIONS}withdraw/", {"selected": [newer.public_id]})
    assert Invitation.objects.filter(withdrawn_at=None).count() == 0
    names = AuditEvent.objects.filter(target_label=str(account)).values_list("name", flat=True)
    assert sorted(names) == [
        "webmail.account.invitation_withdrawn",
        "webmail.account.invited",
        "webmail.account.invited",
    ]


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_the_way_back_stays_inside(client, servers, target):
    answer = client.post(f"{INVITATIONS}invite/", {"next": target})
    assert answer.url == INVITATIONS


def upload(client: Client, content: bytes):
    return client.post(FILES, {"file": SimpleUploadedFile("accounts.csv", content, "text/csv")})


def test_a_file_is_uploaded_looked_through_and_applied(client, servers):
    make.PersonFactory(username="aoki")
    content = "owner,address,incoming_server\naoki,aoki@example.jp,imap\nnobody,b@example.jp,imap\n"
    page = client.get(upload(client, content.encode("utf-16")).url)
    assert page.context["planned"].counts == {"add": 1, "change": 0, "nothing": 0, "problem": 1}
    assert "Nobody has the user name nobody." in words(page)
    assert not MailAccount.objects.exists()
    found = AccountImport.objects.get()
    apply = reverse("webmail:manage_import_apply", args=[found.public_id])
    client.post(apply, {"fingerprint": "something else"})
    assert not MailAccount.objects.exists()
    client.post(apply, {"fingerprint": page.context["planned"].fingerprint})
    assert MailAccount.objects.get().address == "aoki@example.jp"
    assert "erased" in words(client.get(page.request["PATH_INFO"]))
    assert AuditEvent.objects.get(name="webmail.accounts.imported").details["add"] == 1


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"hello\nworld\n", b"\x80\x81\xfd\xfe\xff"]
)
def test_what_is_no_file_of_accounts_is_refused_and_not_kept(client, content):
    answer = upload(client, content)
    assert answer.status_code == 422
    assert not AccountImport.objects.exists()


def test_a_file_that_is_discarded_is_gone(client, servers):
    upload(client, b"address\na@example.jp\n")
    found = AccountImport.objects.get()
    client.post(reverse("webmail:manage_import_discard", args=[found.public_id]))
    assert not AccountImport.objects.exists()


def test_every_account_is_exported_and_that_is_recorded(client):
    account = make.MailAccountFactory()
    text = words(client.post(f"{FILES}export/"))
    assert account.address in text
    assert "correct horse" not in text
    assert AuditEvent.objects.get(name="webmail.accounts.exported").details == {"accounts": 1}


def test_a_switchover_is_looked_at_applied_invited_followed_and_taken_back(client, servers):
    account = make.MailAccountFactory(incoming_server__host="old.example.test")
    form = {
        "host": "old.example.test",
        "authentication": "password",
        **{name: server.pk for name, server in servers.items()},
    }
    page = client.get(client.post("/manage/webmail/switchovers/new/", form).url)
    assert page.context["going"] == 1
    step = Switchover.objects.get()

    def post(name: str, **body):
        return client.post(reverse(f"webmail:{name}", args=[step.public_id]), body, follow=True)

    page = post("manage_switchover_apply", fingerprint=page.context["fingerprint"])
    assert (page.context["total"], page.context["not_invited"]) == (1, 1)
    page = post("manage_switchover_invite", all="1")
    assert (page.context["invited"], page.context["authorized"]) == (1, 0)
    post("manage_switchover_invite", all="1")
    assert Invitation.objects.count() == 1, "whoever was invited is not written to again"
    page = post("manage_switchover_undo", selected=account.public_id)
    account.refresh_from_db()
    assert account.receive_authentication == "password"
    assert Invitation.objects.get().withdrawn_at is not None
    assert page.context["found"].state == "undone"
    recorded = set(AuditEvent.objects.values_list("name", flat=True))
    assert {"webmail.switchover.applied", "webmail.switchover.undone"} <= recorded


def test_a_switchover_needs_a_server_with_an_authorization_server(client):
    make.MailAccountFactory()
    page = client.get("/manage/webmail/switchovers/new/")
    assert not page.context["has_servers"]
