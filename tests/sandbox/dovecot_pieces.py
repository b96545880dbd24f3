"""The parts of the configuration of the sandbox's Dovecot that hang on nothing else."""

from __future__ import annotations

import grp
import os
import pwd

from tests.sandbox.people import mailbox_owners

NAMESPACE = """\
namespace inbox {
  inbox = yes
  separator = /
  mailbox Drafts {
    special_use = \\Drafts
    auto = subscribe
  }
  mailbox Sent {
    special_use = \\Sent
    auto = subscribe
  }
  mailbox Junk {
    special_use = \\Junk
    auto = subscribe
  }
  mailbox Trash {
    special_use = \\Trash
    auto = subscribe
  }
}"""


def check_name(protocol: str, mailbox: str) -> str:
    return f"oauth2-{protocol}-{mailbox}.conf"


def mail_owner() -> tuple[str, str]:
    """User and group that own the mail: `mail` under root, otherwise whoever runs this."""
    if os.getuid() == 0:
        return "mail", "mail"
    return pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name


def ownership(user: str, group: str) -> str:
    if os.getuid() == 0:
        return f"mail_uid = {user}\nmail_gid = {group}"
    names = ("default_internal_user", "default_login_user")
    lines = [f"{name} = {user}" for name in names]
    return "\n".join([*lines, f"default_internal_group = {group}"])


def open_root() -> str:
    # Only root may change the root folder of a process.
    return "" if os.getuid() == 0 else "chroot ="


def listeners(ports: dict[str, int], *, is_root: bool) -> str:
    chroot = "" if is_root else "  chroot =\n"
    blocks = []
    for service, plain, secure in (
        ("imap", "imap", "imaps"),
        ("pop3", "pop3", "pop3s"),
        ("submission", "submission", "submissions"),
    ):
        blocks.append(f"""\
service {service}-login {{
{chroot}  service_count = 0
  process_min_avail = 1
  inet_listener {plain} {{
    port = {ports[plain]}
  }}
  inet_listener {secure} {{
    port = {ports[secure]}
    ssl = yes
  }}
}}""")
    return "\n".join(blocks)


def password_file() -> str:
    """Only people without an authorization server may come with a password."""
    owners = [person for person in mailbox_owners() if not person.signs_in_at]
    return "".join(f"{person.address}:{{PLAIN}}{person.password}\n" for person in owners)
