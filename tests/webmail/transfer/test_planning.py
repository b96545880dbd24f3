"""What rows would do, what is wrong with them, and that applying does exactly that."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groupware.audit.models import AuditEvent
from groupware.organisation.models import Unit
from tests.factories import webmail as make
from webmail import transfer
from webmail.models import AccountImport, AccountMember, MailAccount

pytestmark = pytest.mark.django_db
HEADER = "owner,address,incoming_server,outgoing_server,receive_authentication,receive_password\n"


@pytest.fixture
def servers():
    """Servers with and without an authorization server, by key."""
    server = make.AuthorizationServerFactory()
    make.MailServerFactory(key="imap", authorization_server=server)
    make.MailServerFactory(key="smtp", protocol="smtp", authorization_server=server)
    make.MailServerFactory(key="old-imap")
    make.MailServerFactory(key="gone", is_enabled=False, authorization_server=server)


def planned(text: str) -> transfer.Plan:
    return transfer.plan(transfer.table(text), MailAccount.objects.kept())


def applied(text: str) -> transfer.Plan:
    found = AccountImport.objects.create(
        file_name="a.csv", content=text, created_by=make.PersonFactory()
    )
    return transfer.apply(found, MailAccount.objects.kept(), planned(text).fingerprint)


def problems(text: str) -> list[tuple[int, str, str]]:
    plan = planned(text)
    return [(row.number, one.column, one.reason) for row in plan.rows for one in row.problems]


def test_a_new_account_is_added_with_what_the_file_says_and_received_at_once(servers):
    make.PersonFactory(username="aoki")
    text = HEADER + "Aoki,aoki@example.jp,imap,smtp,,\n"
    assert planned(text).counts == {"add": 1, "change": 0, "nothing": 0, "problem": 0}
    assert not MailAccount.objects.exists()
    applied(text)
    account = MailAccount.objects.get()
    assert (account.owner.username, account.incoming_server.key) == ("aoki", "imap")
    assert account.receive_authentication == "oauth2"
    assert account.send_authentication == "same_as_receiving"
    assert account.next_sync_at is not None
    assert AuditEvent.objects.get(name="webmail.account.created").target_label == "aoki@example.jp"


def test_a_password_is_sealed_and_opens_again(servers):
    make.PersonFactory(username="aoki")
    applied(HEADER + "aoki,aoki@example.jp,old-imap,,password,se cret\n")
    assert MailAccount.objects.get().receive_password == "se cret"
    details = AuditEvent.objects.get(name="webmail.account.created").details
    assert "se cret" not in str(details)


def test_only_what_differs_changes_and_the_rest_of_the_row_stays(servers):
    account = make.MailAccountFactory(owner__username="aoki", address="aoki@example.jp")
    text = "address,owner,name,use\nAOKI@example.jp,aoki,New name,yes\n"
    row = planned(text).rows[0]
    assert (row.act, row.changes) == ("change", [("name", "Work", "New name")])
    MailAccount.objects.filter(pk=account.pk).update(receive_error_text="kept")
    applied(text)
    after = MailAccount.objects.get()
    assert (after.name, after.address, after.receive_error_text) == (
        "New name",
        "aoki@example.jp",
        "kept",
    )
    assert after.receive_password == "correct horse"
    assert planned(text).counts["nothing"] == 1


def test_another_server_lets_go_of_the_connection_with_the_old_one(servers):
    grant = make.GrantFactory(mailbox_address="aoki@example.jp")
    old = make.MailServerFactory(key="old-oauth", authorization_server=grant.server)
    make.MailAccountFactory(
        owner__username="aoki",
        address="aoki@example.jp",
        incoming_server=old,
        receive_authentication="oauth2",
        receive_grant=grant,
        outgoing_server=None,
        send_authentication="off",
    )
    applied("owner,address,incoming_server\naoki,aoki@example.jp,imap\n")
    assert MailAccount.objects.get().receive_grant is None


def test_every_problem_of_every_row_is_named_with_its_column(servers):
    make.PersonFactory(username="aoki")
    make.PersonFactory(username="left", is_active=False)
    text = HEADER + (
        "nobody,aoki.example.jp,nowhere,,,\n"
        "left,left@example.jp,imap,,,\n"
        "aoki,a@example.jp,nowhere,imap,kerberos,\n"
        "aoki,b@example.jp,gone,,,\n"
        "aoki,c@example.jp,,,,\n"
        "aoki,d@example.jp,old-imap,,,\n"
        "aoki,e@example.jp,old-imap,,password,\n"
        "aoki,f@example.jp,imap,smtp,,\n"
        "aoki,F@example.jp,imap,smtp,,\n"
        "aoki,g@example.jp,imap\n"
    )
    found = [(number, column) for number, column, _reason in problems(text)]
    assert found == [
        (2, "address"),
        (2, "owner"),
        (2, "incoming_server"),
        (3, "owner"),
        (4, "incoming_server"),
        (4, "outgoing_server"),
        (4, "receive_authentication"),
        (5, "incoming_server"),
        (6, "incoming_server"),
        (7, "receive_authentication"),
        (8, "receive_password"),
        (10, "address"),
        (11, ""),
    ]
    assert "imap" in planned(text).rows[2].problems[0].example
    assert applied(text).counts["add"] == MailAccount.objects.count() == 1


def test_an_account_with_mail_keeps_its_protocol(servers):
    make.MailServerFactory(key="pop", protocol="pop3")
    account = make.account_with_folders(address="aoki@example.jp")
    text = f"owner,address,incoming_server\n{account.owner.username},aoki@example.jp,pop\n"
    assert problems(text)[0][:2] == (2, "incoming_server")


def test_a_shared_account_comes_with_its_members(servers):
    make.PersonFactory(username="aoki")
    Unit.objects.create(key="sales", name="Sales")
    text = (
        "kind,address,incoming_server,members\n"
        "shared,info@example.jp,imap,user:aoki=manager unit:sales=reader\n"
    )
    applied(text)
    account = MailAccount.objects.get()
    assert account.kind == "shared" and account.owner is None
    assert set(account.members.values_list("user__username", "unit__key", "role")) == {
        ("aoki", None, "manager"),
        (None, "sales", "reader"),
    }
    assert planned(text).counts["nothing"] == 1
    applied(text.replace(" unit:sales=reader", ""))
    assert AccountMember.objects.count() == 1
    wrong = text.replace("user:aoki=manager", "user:nobody=manager")
    assert problems(wrong)[0][1] == "members"


def test_nothing_is_applied_when_something_changed_after_the_preview(servers):
    person = make.PersonFactory(username="aoki")
    text = HEADER + "aoki,aoki@example.jp,imap,smtp,,\n"
    found = AccountImport.objects.create(file_name="a.csv", content=text, created_by=person)
    seen = planned(text).fingerprint
    make.MailAccountFactory(owner=person, address="aoki@example.jp")
    with pytest.raises(transfer.ChangedMeanwhileError):
        transfer.apply(found, MailAccount.objects.kept(), seen)
    assert MailAccount.objects.get().incoming_server.key != "imap"


def test_a_file_is_applied_once_and_then_erased(servers):
    person = make.PersonFactory(username="aoki")
    text = HEADER + "aoki,aoki@example.jp,imap,smtp,,\n"
    found = AccountImport.objects.create(file_name="a.csv", content=text, created_by=person)
    seen = planned(text).fingerprint
    transfer.apply(found, MailAccount.objects.kept(), seen)
    found.refresh_from_db()
    assert (found.content, found.result["add"]) == ("", 1)
    with pytest.raises(transfer.ChangedMeanwhileError):
        transfer.apply(found, MailAccount.objects.kept(), seen)


def test_what_is_written_out_holds_no_secret_and_reads_back_as_nothing_to_do(servers):
    account = make.MailAccountFactory(name='=HYPERLINK("x")', receive_password="correct horse")
    shared = make.MailAccountFactory(owner=None, kind="shared", address="info@example.jp")
    AccountMember.objects.create(account=shared, user=account.owner, role="sender")
    text = "".join(transfer.exported(MailAccount.objects.kept().order_by("pk")))
    assert "correct horse" not in text and "v1:" not in text
    assert text.startswith("\ufeff")
    cells = next(iter(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))))
    assert cells["name"] == '\'=HYPERLINK("x")'
    assert "receive_password" not in cells
    read = planned(transfer.decoded(text.encode()))
    assert read.counts == {"add": 0, "change": 0, "nothing": 2, "problem": 0}


def _queries(text: str) -> tuple[int, int]:
    with CaptureQueriesContext(
        connection,
    ) as looked:
        seen = planned(text)
    found = AccountImport.objects.create(
        file_name="a.csv", content=text, created_by=make.PersonFactory()
    )
    with CaptureQueriesContext(connection) as wrote:
        transfer.apply(found, MailAccount.objects.kept(), seen.fingerprint)
    return len(looked), len(wrote)


def test_the_number_of_queries_does_not_grow_with_the_file(servers):
    def file_of(start: int, number: int) -> str:
        rows = ""
        for n in range(start, start + number):
            make.MailAccountFactory(owner__username=f"old{n}", address=f"old{n}@example.jp")
            make.PersonFactory(username=f"new{n}")
            rows += f"old{n},old{n}@example.jp,imap,smtp,oauth2,\n"
            rows += f"new{n},new{n}@example.jp,imap,smtp,oauth2,\n"
        return HEADER + rows

    assert _queries(file_of(0, 1)) == _queries(file_of(100, 12))


@pytest.mark.parametrize("days", ["-1", "soon", "36501", "9" * 5000])
def test_a_number_of_days_that_is_none_is_a_problem_of_its_row(servers, days):
    text = f"address,incoming_server,delete_after_days\na@example.jp,imap,{days}\n"
    assert [column for _row, column, _reason in problems(text)] == ["delete_after_days"]
