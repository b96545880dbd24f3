"""A private Dovecot: IMAP, POP3, submission and LMTP on loopback, tokens checked per protocol."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.sandbox.certificates import Certificates
from tests.sandbox.dovecot_pieces import (
    NAMESPACE,
    check_name,
    listeners,
    mail_owner,
    open_root,
    ownership,
    password_file,
)
from tests.sandbox.people import mailbox_addresses
from tests.servers import die_with_parent

MASTER = "sandbox"
"""The sandbox itself opens any mailbox as `address*sandbox` with its own secret."""
MAX_MESSAGE_BYTES = 36_700_160
# Dovecot's name of a service and the protocol name that introspection uses.
_SERVICES = {"imap": "imap", "pop3": "pop3", "submission": "smtp"}


class DovecotMissingError(RuntimeError):
    """Dovecot is not installed; the text names the packages."""


@dataclass(frozen=True)
class DovecotLayout:
    """Folders: `run` must be short, since paths of unix sockets end at 108 characters."""

    run: Path
    settings: Path
    mail: Path
    log: Path

    @property
    def lmtp_socket(self) -> Path:
        return self.run / "lmtp"


class Dovecot:
    """Start it from a thread that outlives it: the kernel ends it when that thread ends."""

    def __init__(
        self, layout: DovecotLayout, ports: dict[str, int], tls: Certificates, secret: str
    ) -> None:
        self.layout = layout
        self.ports = ports
        self.tls = tls
        self._secret = secret
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when every port answers. RuntimeError with Dovecot's own words otherwise."""
        program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if program is None:
            raise DovecotMissingError(
                "Dovecot is not installed: apt-get install dovecot-imapd dovecot-pop3d "
                "dovecot-submissiond dovecot-lmtpd"
            )
        configuration = self._write()
        self._process = subprocess.Popen(
            [program, "-F", "-c", str(configuration)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        self._wait()

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()
        self._process = None

    def _wait(self) -> None:
        deadline = time.monotonic() + 10
        for name in ("imap", "imaps", "pop3", "pop3s", "submission", "submissions"):
            while not _answers(self.ports[name]):
                if self._process is None or self._process.poll() is not None:
                    words = self._process.stderr.read().decode() if self._process else ""
                    raise RuntimeError(f"Dovecot did not start. {words.strip()}{self._last_log()}")
                if time.monotonic() > deadline:
                    raise RuntimeError(f"Dovecot does not answer.{self._last_log()}")
                time.sleep(0.02)

    def _last_log(self) -> str:
        if not self.layout.log.exists():
            return ""
        return "\n" + "\n".join(self.layout.log.read_text(errors="replace").splitlines()[-5:])

    # -- configuration -------------------------------------------------------------------------

    def _write(self) -> Path:
        folder = self.layout.settings
        folder.mkdir(parents=True, exist_ok=True)
        for protocol in _SERVICES.values():
            for mailbox in mailbox_addresses():
                _private(folder / check_name(protocol, mailbox), self._oauth2(protocol, mailbox))
        _private(folder / "passwords", password_file())
        _private(folder / "masters", f"{MASTER}:{{PLAIN}}{self._secret}\n")
        path = folder / "dovecot.conf"
        _private(path, self._main())
        return path

    def _oauth2(self, protocol: str, mailbox: str) -> str:
        address = f"http://127.0.0.1:{self.ports['internal']}/introspect/{protocol}/{mailbox}"
        return f"""\
introspection_mode = post
introspection_url = {address}
client_id = dovecot
client_secret = {self._secret}
active_attribute = active
active_value = true
username_attribute = username
username_format = %u
timeout_msecs = 10000
"""

    def _main(self) -> str:
        user, group = mail_owner()
        layout, ports = self.layout, self.ports
        return f"""\
base_dir = {layout.run}
state_dir = {layout.run}
instance_name = sandbox
protocols = imap pop3 submission lmtp
listen = 127.0.0.1
log_path = {layout.log}
auth_verbose = yes
ssl = yes
ssl_cert = <{self.tls.server_certificate}
ssl_key = <{self.tls.server_key}
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
auth_username_format = %Lu
auth_cache_size = 0
login_trusted_networks =
mail_location = maildir:{layout.mail}/%u
mail_max_userip_connections = 200
first_valid_uid = 1
first_valid_gid = 1
submission_relay_host = 127.0.0.1
submission_relay_port = {ports["relay"]}
submission_relay_trusted = yes
submission_max_mail_size = {MAX_MESSAGE_BYTES}
{ownership(user, group)}
auth_master_user_separator = *
passdb {{
  driver = passwd-file
  master = yes
  mechanisms = plain login
  args = scheme=PLAIN {layout.settings}/masters
}}
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%u {layout.settings}/passwords
}}
{self._token_checks()}
userdb {{
  driver = static
  args = uid={user} gid={group} home={layout.mail}/%u allow_all_users=yes
}}
{NAMESPACE}
{listeners(ports, is_root=os.getuid() == 0)}
service lmtp {{
  unix_listener lmtp {{
    mode = 0666
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
service anvil {{
  {open_root()}
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""

    def _token_checks(self) -> str:
        """Dovecot tells introspection nothing of the user name, so each mailbox has its own."""
        return "\n".join(
            "\n".join(
                [
                    f"protocol {service} {{",
                    *(self._token_check(protocol, mailbox) for mailbox in mailbox_addresses()),
                    "}",
                ]
            )
            for service, protocol in _SERVICES.items()
        )

    def _token_check(self, protocol: str, mailbox: str) -> str:
        return f"""\
  passdb {{
    driver = oauth2
    mechanisms = xoauth2 oauthbearer
    username_filter = {mailbox}
    args = {self.layout.settings}/{check_name(protocol, mailbox)}
  }}"""


def _private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
    if os.getuid() == 0 and path.name != "dovecot.conf":
        # The auth process reads these as the user `dovecot`.
        shutil.chown(path, "root", "dovecot")
        path.chmod(0o640)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
