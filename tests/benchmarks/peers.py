"""The programs and bare conversations that our figures are compared with."""

from __future__ import annotations

import imaplib
import shutil
import smtplib
import ssl
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.measuring import CommandFailedError, Stopwatch, Usage, of_command
from tests.benchmarks.surroundings import LARGE, Surroundings

BATCH = 200


def is_installed(program: str) -> bool:
    """Whether a peer can be run."""
    return shutil.which(program) is not None


def mbsync(here: Surroundings, folder: Path, address: str = LARGE, *, with_peak: bool) -> Usage:
    """One run of mbsync over every folder of a mailbox into the Maildirs of ``folder``.

    It does not wait for the disk after each message, because neither does our store of received mail.
    """
    login = here.login(address)
    folder.mkdir(exist_ok=True)
    configuration = folder / "mbsyncrc"
    configuration.write_text(
        f"""\
FSync no

IMAPAccount server
Host localhost
Port {here.sandbox.imap.tls_port}
User "{login.username}"
Pass "{login.password}"
SSLType IMAPS
CertificateFile {here.sandbox.ca_file}
SystemCertificates no
AuthMechs PLAIN

IMAPStore far
Account server

MaildirStore near
Path {folder}/folders/
Inbox {folder}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Near
Sync Pull
SyncState *
"""
    )
    configuration.chmod(0o600)
    (folder / "folders").mkdir(exist_ok=True)
    return of_command(["mbsync", "-q", "-c", str(configuration), "-a"], with_peak=with_peak)


def mpop(here: Surroundings, folder: Path) -> Usage:
    """The first download of mpop into a Maildir, everything stays on the server."""
    login = here.login()
    for name in ("cur", "new", "tmp"):
        (folder / "mail" / name).mkdir(parents=True)
    configuration = folder / "mpoprc"
    configuration.write_text(
        f"""\
account server
host localhost
port {here.sandbox.pop3.tls_port}
tls on
tls_starttls off
tls_trust_file {here.sandbox.ca_file}
auth user
user {login.username}
password {login.password}
keep on
delivery maildir {folder / "mail"}
uidls_file {folder / "uidls"}
"""
    )
    configuration.chmod(0o600)
    return of_command(["mpop", "-q", "-C", str(configuration), "server"], with_peak=True)


def check_complete(maildir: Path, messages: int) -> None:
    """Raise CommandFailedError when a peer was fast because it did not fetch everything."""
    found = sum(1 for name in ("cur", "new") for _file in (maildir / name).iterdir())
    if found != messages:
        raise CommandFailedError(f"{maildir.parent.name} brought {found} of {messages} messages")


def fetch_and_discard(here: Surroundings) -> Usage:
    """The limit of any client in Python: every body through imaplib, nothing kept."""
    login = here.login()
    context = ssl.create_default_context(cafile=str(here.sandbox.ca_file))
    with Stopwatch() as watch:
        client = imaplib.IMAP4_SSL("localhost", here.sandbox.imap.tls_port, ssl_context=context)
        client.login(login.username, login.password)
        client.select("INBOX", readonly=True)
        for first in range(1, here.messages + 1, BATCH):
            last = min(first + BATCH - 1, here.messages)
            client.fetch(f"{first}:{last}", "(UID FLAGS INTERNALDATE BODY.PEEK[])")
        client.logout()
    return watch.usage


def bare_smtp(here: Surroundings, raw: bytes, recipients: Sequence[str], count: int) -> list[float]:
    """Seconds of each of ``count`` conversations with the submission server: connect, sign in, send, quit."""
    login = here.login()
    context = ssl.create_default_context(cafile=str(here.sandbox.ca_file))
    seconds = []
    for _attempt in range(count):
        began = time.perf_counter()
        with smtplib.SMTP_SSL(
            "localhost", here.sandbox.submission.tls_port, context=context
        ) as client:
            client.login(login.username, login.password)
            client.sendmail(login.address, list(recipients), raw)
        seconds.append(time.perf_counter() - began)
    return seconds
