"""Every screen that is built: its name and who looks at which address."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse
from playwright.sync_api import BrowserContext

from groupware.users.models import User
from tests.browser import attempts
from tests.browser.furnished import Furnished
from webmail.models import Message


def enter(context: BrowserContext, address: str, user: User) -> None:
    """Let this browser be the one in which ``user`` has signed in."""
    visitor = Client()
    visitor.force_login(user)
    cookie = visitor.cookies["sessionid"]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])


def of_haruka(world: Furnished) -> dict[str, str]:
    """Screens of somebody who reads mail."""
    inbox = Message.objects.in_mailbox(world.inbox)
    html = inbox.filter(subject__contains="文具フェア").first()
    plain = inbox.filter(subject__startswith="【重要】").first()
    assert html and plain
    account = [world.account.public_id]
    return {
        "portal": reverse("portal"),
        "settings": reverse("users:settings"),
        "password": reverse("account_change_password"),
        "connections": reverse("oauthservers:grants"),
        "mail-accounts": reverse("webmail:account_list"),
        "account-new": reverse("webmail:account_new"),
        "account": reverse("webmail:account", args=account),
        "account-troubled": reverse("webmail:account", args=[world.troubled.public_id]),
        "mailbox-check": reverse("webmail:check", args=[world.troubled.public_id]),
        "mailbox-check-running": reverse("webmail:check", args=account),
        "mailbox-check-new": reverse("webmail:check", args=[world.managed.public_id]),
        "account-remove": reverse("webmail:account_remove", args=account),
        "account-managed": reverse("webmail:account", args=[world.managed.public_id]),
        "account-read-only": reverse("webmail:account", args=[world.message_read_only.account.public_id]),
        "members": reverse("webmail:members", args=[world.managed.public_id]),
        "message-read-only": reverse("webmail:message", args=[world.message_read_only.public_id]),
        "list": reverse("webmail:mailbox", args=[world.inbox.public_id]),
        "list-empty": reverse("webmail:mailbox", args=[world.account.mailboxes.get(role="junk").public_id]),
        "list-filtered-to-nothing": reverse("webmail:mailbox", args=[world.account.mailboxes.get(role="junk").public_id]) + "?show=unread",
        "list-troubled": reverse("webmail:mailbox", args=[world.troubled.mailboxes.get(role="inbox").public_id]),
        "search": reverse("webmail:search") + "?q=%E6%96%87%E5%85%B7+before:soon",
        "search-nothing": reverse("webmail:search") + "?q=xylophone",
        "message-html": reverse("webmail:message", args=[html.public_id]),
        "message-plain": reverse("webmail:message", args=[plain.public_id]),
        "composer": reverse("webmail:draft", args=[world.draft.public_id]),
        "drafts": reverse("webmail:drafts"),
        "outbox": reverse("webmail:outbox"),
        **attempts.screens(world),
        "authorization-refused": reverse("oauthservers:refused", args=["access_denied"]),
        "no-permission": reverse("functions:system"),
        "not-found": "/no/such/page/",
    }  # fmt: skip


def of_admin(world: Furnished) -> dict[str, str]:
    """Screens of somebody who administers everything and has no mail account."""
    return {
        "home-without-account": reverse("webmail:home"),
        "manage": reverse("functions:manage"),
        "manage-accounts": reverse("webmail:manage_accounts"),
        "manage-people-without": reverse("webmail:manage_people_without"),
        "manage-shared": reverse("webmail:manage_shared"),
        "manage-shared-new": reverse("webmail:manage_shared_new"),
        "manage-shared-account": reverse("webmail:manage_shared_account", args=[world.managed.public_id]),
        "manage-members": reverse("webmail:manage_members", args=[world.managed.public_id]),
        "manage-account": reverse("webmail:manage_account", args=[world.account.public_id]),
        "manage-account-new": reverse("webmail:manage_account_new", args=[world.haruka.public_id]),
        "manage-servers": reverse("webmail:manage_servers"),
        "manage-server-new": reverse("webmail:manage_server_new"),
        "manage-server": reverse("webmail:manage_server", args=[world.mail_server.public_id]),
        "manage-policy": reverse("webmail:manage_policy"),
        "system": reverse("functions:system"),
        "system-state": reverse("functions:health"),
        "functions": reverse("functions:switches"),
        "function": reverse("functions:function", args=["webmail"]),
        "people": reverse("users:people"),
        "person-add": reverse("users:add_person"),
        "person": reverse("users:person", args=[world.haruka.public_id]),
        "departments": reverse("organisation:units"),
        "department-add": reverse("organisation:add_unit"),
        "department": reverse("organisation:unit", args=[world.unit.public_id]),
        "organisation": reverse("organisation:organisation"),
        "audit": reverse("audit:events"),
        "preconditions": reverse("oauthservers:preconditions"),
        "guide-microsoft": reverse("oauthservers:guide", args=["microsoft"]),
        "guide-application": reverse("oauthservers:guide", args=["microsoft-application"]),
        "guide-google": reverse("oauthservers:guide", args=["google"]),
        "guide-generic": reverse("oauthservers:guide", args=["generic"]),
        "authorization-servers": reverse("oauthservers:servers"),
        "authorization-server-kind": reverse("oauthservers:choose_kind"),
        "authorization-server-new": reverse("oauthservers:add_server", args=["generic"]),
        "authorization-server-preset": reverse("oauthservers:add_server", args=["microsoft-dod"]),
        "authorization-server": reverse("oauthservers:server", args=[world.authorization_server.public_id]),
        "authorization-server-edit": reverse("oauthservers:edit_server", args=[world.authorization_server.public_id]),
    }  # fmt: skip


SIGNED_OUT = {
    "sign-in": "/accounts/login/",
    "password-reset": "/accounts/password/reset/",
    "sign-up-closed": "/accounts/signup/",
}
