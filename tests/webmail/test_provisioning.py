"""Mail servers and mail accounts from a provisioning file."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth import get_user_model

from groupware import provision
from groupware.organisation.models import Unit
from tests.factories.webmail import PersonFactory
from tests.sandbox import Sandbox
from webmail.models import MailAccount, MailServer

pytestmark = pytest.mark.django_db

FILE = """
[[mail_server]]
key = "imap"
name = "IMAP"
protocol = "imap"
host = "imap.example.jp"
port = 993

[[mail_server]]
key = "smtp"
name = "SMTP"
protocol = "smtp"
host = "smtp.example.jp"
port = 587
security = "starttls"

[[mail_account]]
owner = "haruka"
address = "haruka@example.jp"
incoming_server = "imap"
outgoing_server = "smtp"
receive_authentication = "password"
receive_password_env = "HARUKA_PASSWORD"
leave_on_server = false
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    PersonFactory(username="haruka")
    monkeypatch.setenv("HARUKA_PASSWORD", "first")
    path = tmp_path / "office.toml"
    path.write_text(FILE)
    return path


def test_a_file_is_applied_once(file: Path) -> None:
    assert len(provision.apply(file)) == 3
    account = MailAccount.objects.get()
    assert (account.receive_password, account.leaves_on_server) == ("first", False)
    assert account.next_sync_at is not None
    assert MailServer.objects.get(key="smtp").security == "starttls"
    assert provision.apply(file) == []


def test_a_changed_secret_is_taken_without_being_told(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provision.apply(file)
    monkeypatch.setenv("HARUKA_PASSWORD", "second")
    (change,) = provision.apply(file)
    assert change.fields == ("receive_password",) and "second" not in repr(change)
    assert MailAccount.objects.get().receive_password == "second"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('outgoing_server = "smtp"', 'outgoing_server = "imap"', "mail_server"),
        ('owner = "haruka"', 'owner = "nobody"', "nobody"),
        ("port = 993", "port = 99999", "port"),
        ('protocol = "imap"', 'protocol = "imap4"', "imap4"),
        ("HARUKA_PASSWORD", "NOT_SET", "NOT_SET"),
    ],
)
def test_a_wrong_file_applies_nothing_and_names_the_place(
    file: Path, old: str, new: str, words: str
) -> None:
    file.write_text(FILE.replace(old, new))
    with pytest.raises(provision.ProvisioningError, match=words):
        provision.apply(file)
    assert not MailServer.objects.exists() and not MailAccount.objects.exists()


def test_the_sandbox_describes_itself(empty_sandbox: Sandbox) -> None:
    assert provision.apply(empty_sandbox.provisioning_file)
    assert provision.apply(empty_sandbox.provisioning_file) == []
    assert MailAccount.objects.count() == 4


SHARED = """
[[mail_account]]
kind = "shared"
address = "orders@example.jp"
authorized_as = "haruka@example.jp"
incoming_server = "imap"
outgoing_server = "smtp"
managers = ["haruka"]
sender_units = ["sales"]
"""


@pytest.fixture
def shared_file(file: Path) -> Path:
    Unit.objects.create(key="sales", name="Sales")
    file.write_text(FILE + SHARED)
    return file


def members(account: MailAccount) -> set[tuple[str, str]]:
    return {(str(one.user or one.unit), one.role) for one in account.members.all()}


def test_a_shared_account_is_made_with_its_members(shared_file: Path) -> None:
    provision.apply(shared_file)
    account = MailAccount.objects.get(kind="shared")
    haruka = get_user_model().objects.get(username="haruka")
    assert (account.owner, account.sign_in_address) == (None, "haruka@example.jp")
    assert members(account) == {(str(haruka), "manager"), ("Sales", "sender")}
    assert provision.apply(shared_file) == []


def test_members_are_made_equal_to_the_file_and_kept_where_it_is_silent(shared_file: Path) -> None:
    provision.apply(shared_file)
    changed = SHARED.replace('managers = ["haruka"]', 'readers = ["haruka"]')
    shared_file.write_text(FILE + changed.replace('sender_units = ["sales"]', ""))
    (change,) = provision.apply(shared_file)
    account = MailAccount.objects.get(kind="shared")
    assert change.fields == ("members",)
    assert {role for _name, role in members(account)} == {"reader"}
    shared_file.write_text(FILE + changed.split("readers")[0])
    assert provision.apply(shared_file) == []
    assert account.members.count() == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('managers = ["haruka"]', 'managers = ["nobody"]', "nobody"),
        ('sender_units = ["sales"]', 'sender_units = ["sails"]', "sails"),
        ('kind = "shared"', 'kind = "shared"\nowner = "haruka"', "no owner"),
        ('kind = "shared"', 'kind = "personal"', "owner"),
        ('kind = "shared"', 'owner = "haruka"', "only shared accounts have members"),
    ],
)
def test_a_shared_account_that_cannot_be_right_is_refused(
    shared_file: Path, old: str, new: str, words: str
) -> None:
    shared_file.write_text(FILE + SHARED.replace(old, new))
    with pytest.raises(provision.ProvisioningError, match=words):
        provision.apply(shared_file)
    assert not MailAccount.objects.exists()
