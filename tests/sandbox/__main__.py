"""`python -m tests.sandbox --data DIR` runs the sandbox until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from tests.sandbox import PASSWORD, Sandbox, SandboxError
from tests.sandbox.people import SHARED_MAILBOXES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that keeps everything")
    parser.add_argument("--redirect-base", default="http://127.0.0.1:8000")
    parser.add_argument("--access-token-seconds", type=int, default=120)
    parser.add_argument("--free-ports", action="store_true", help="any free ports")
    options = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    sandbox = Sandbox(
        options.data,
        options.redirect_base,
        options.access_token_seconds,
        fixed_ports=not options.free_ports,
    )
    try:
        with sandbox:
            print(_welcome(sandbox), flush=True)
            while sandbox.is_running and not stopped.wait(1):
                pass
    except SandboxError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _welcome(sandbox: Sandbox) -> str:
    mail = [
        f"{name:<12} localhost {service.port} (STARTTLS), {service.tls_port} (TLS)"
        for name, service in (
            ("IMAP", sandbox.imap),
            ("POP3", sandbox.pop3),
            ("Submission", sandbox.submission),
            ("IMAP, front", sandbox.exchange.imap),
            ("POP3, front", sandbox.exchange.pop3),
            ("SMTP, front", sandbox.exchange.submission),
        )
    ]
    shared = [
        f"{mailbox.address:<24} {', '.join(mailbox.delegates) or 'application'}"
        for mailbox in SHARED_MAILBOXES
    ]
    servers = [
        f"{server.key:<12} {server.base_url}"
        for server in (sandbox.microsoft, sandbox.google, sandbox.generic)
    ]
    people = [
        f"{person.address:<24} {person.signs_in_at or 'password'}"
        for person in sandbox.people
        if person.address
    ]
    return "\n".join(
        [
            *servers,
            *mail,
            *people,
            *shared,
            f"Everybody's password: {PASSWORD}",
            f"Certificate authority: {sandbox.ca_file}",
            f"Provisioning file: {sandbox.provisioning_file}",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
