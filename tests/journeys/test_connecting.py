"""A new person sets up a mail account and authorizes it; mail arrives."""

from __future__ import annotations

import pytest

from oauthservers.models import Grant
from tests.journeys.town import ADDRESS, PLACE, REALM, Town
from tests.journeys.visitor import Visitor
from tests.sandbox import PASSWORD
from webmail import tasks
from webmail.models import MailAccount, MailServer


def fill_in(visitor: Visitor, username: str, protocol: str, *, button: str, **fields) -> None:
    """Add a mail account on the person's own settings page, as they would."""
    place = PLACE[REALM[username]]
    servers = {
        name: MailServer.objects.get(key=f"{place}-{name}").name for name in (protocol, "smtp")
    }
    visitor.get("/settings/mail/new/")
    form = visitor.page.form("incoming_server")
    visitor.submit(
        form,
        (button, "receive"),
        address=ADDRESS[username],
        incoming_server=form.choice("incoming_server", servers[protocol]),
        outgoing_server=form.choice("outgoing_server", servers["smtp"]),
        **fields,
    )
    if button == "authenticate":
        leave_for_sign_in(visitor)


def leave_for_sign_in(visitor: Visitor) -> None:
    """On the page that authorizes a mailbox: sign in here, in this browser."""
    visitor.submit(visitor.page.form("way"), ("way", "redirect"))


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
@pytest.mark.parametrize("username", ["alice", "haruka", "olga"])
def test_a_mailbox_is_connected_by_consent_and_its_mail_arrives(
    office: Town, username: str, protocol: str
) -> None:
    office.deliver(username, "Welcome")
    visitor = office.visitor(username)

    fill_in(visitor, username, protocol, button="authenticate")
    assert visitor.page.leaves_for.startswith(office.realm(username).authorization_endpoint)
    page = visitor.consent(office.realm(username), ADDRESS[username])

    account = MailAccount.objects.get(owner__username=username)
    assert page.address.endswith(f"/settings/mail/{account.public_id}/")
    assert f"{ADDRESS[username]} is authorized." in page.words and "Active" in page.words
    grant = Grant.objects.get()
    assert (grant.mailbox_address, account.receive_grant) == (ADDRESS[username], grant)
    assert {protocol, "smtp"} <= set(grant.protocols)

    tasks.receive_now(account.pk)
    assert "Welcome" in visitor.get("/mail/").words


def test_a_mailbox_with_a_password_receives_by_pop3(office: Town) -> None:
    office.deliver("pierre", "Bonjour")
    visitor = office.visitor("pierre")
    fill_in(
        visitor,
        "pierre",
        "pop3",
        button="save",
        receive_authentication="password",
        new_receive_password=PASSWORD,
    )
    assert "Saved." in visitor.page.words and PASSWORD not in visitor.page.html
    tasks.receive_now(MailAccount.objects.get().pk)
    assert "Bonjour" in visitor.get("/mail/").words
