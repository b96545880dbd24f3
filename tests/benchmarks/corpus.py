"""A mailbox of made-up mail, the same at every run: median 8 KB, a third Japanese, every tenth with a file.

Messages are written straight into a Maildir with the sizes in their names, as Dovecot itself writes them; the server
must not be busy measuring them while something else is measured.
"""

from __future__ import annotations

import base64
import math
import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import Header
from email.utils import formatdate
from pathlib import Path

SEED = 20_261_112
NEWEST = 1_763_650_800  # seconds since 1970; every message below is older by a quarter of an hour
MEDIAN_OCTETS, SPREAD = 8_000, 0.9
FILE_MEDIAN_OCTETS, FILE_SPREAD, FILE_LIMIT = 60_000, 1.2, 2_000_000

_ENGLISH = (
    "The minutes of yesterday are attached. Review the figures of the third quarter before noon. "
    "Our train leaves at nine from the central station. The supplier confirmed the delivery of all "
    "forty boxes. Nobody has answered the question about the new office yet, so the decision waits."
)
_JAPANESE = (
    "お世話になっております。",
    "先日の会議の議事録をお送りいたします。",
    "ご確認のほどよろしくお願いいたします。",
    "来週の火曜日、午後三時からでご都合はいかがでしょうか。",
    "見積書の金額に誤りがございましたので、訂正版を添付いたします。",
    "東京支店の青木です。",
    "資料はサーバーの共有フォルダーに置いてあります。",
    "取り急ぎご連絡まで。",
)
_SUBJECTS = ("Minutes", "Delivery", "Third quarter", "Re: Office", "Weekly figures")
_JAPANESE_SUBJECTS = ("議事録の件", "お見積りについて", "Re: 来週の打ち合わせ", "資料のご送付")


@dataclass(frozen=True)
class Mail:
    """One message with what a Maildir keeps in the file's name."""

    raw: bytes  # lines end with LF, as in a Maildir
    received_at: int
    is_seen: bool


def mails(count: int) -> Iterator[Mail]:
    """The first ``count`` messages of the corpus, oldest first."""
    for number in range(count):
        chance = random.Random(SEED + number)
        received_at = NEWEST - (count - number) * 900
        yield Mail(_mail(chance, number, received_at), received_at, number < count * 0.95)


def fill(folder: Path, count: int) -> int:
    """Write the corpus as a Maildir into ``folder``; return the octets on the wire."""
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    total = 0
    for number, mail in enumerate(mails(count)):
        on_the_wire = len(mail.raw) + mail.raw.count(b"\n")
        total += on_the_wire
        name = f"{mail.received_at}.M{number:06}.bench,S={len(mail.raw)},W={on_the_wire}:2,"
        path = folder / "cur" / (name + ("S" if mail.is_seen else ""))
        path.write_bytes(mail.raw)
        os.utime(path, (mail.received_at, mail.received_at))
    if os.getuid() == 0:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, "mail", "mail")
    return total


def newsletter(octets: int, chance: random.Random) -> str:
    """An HTML body as shops send them: tables, styles, links, remote pictures."""
    rows: list[str] = []
    while sum(map(len, rows)) < octets - 300:
        number = chance.randrange(10_000)
        rows.append(
            '<tr><td style="padding:8px;font:14px Arial,sans-serif;color:#333">'
            f'<a href="https://shop.example/item/{number}?utm_source=mail" style="color:#06c">'
            f'<img src="https://cdn.example/{number}.png" width="120" height="80" alt="{number}">'
            f"</a><p>{_words(chance, 120)} &amp; more&nbsp;&mdash;</p></td></tr>\n"
        )
    return (
        "<html><head><style>td{border:0}.x{color:red}</style></head>\n"
        f'<body bgcolor="#ffffff"><table width="600">\n{"".join(rows)}</table></body></html>\n'
    )


def _mail(chance: random.Random, number: int, received_at: int) -> bytes:
    is_japanese = number % 3 == 0
    size = int(MEDIAN_OCTETS * math.exp(chance.gauss(0, SPREAD)))
    kind = chance.random()
    if kind < 0.55:
        headers, body = _text(chance, max(size - 900, 100), is_japanese)
    elif kind < 0.9:
        headers, body = _alternative(chance, max(size - 1300, 400), is_japanese)
    else:
        headers, body = _with_file(chance, max(size - 1200, 100), is_japanese)
    return (_head(chance, number, received_at, is_japanese) + headers + "\n" + body).encode()


def _head(chance: random.Random, number: int, received_at: int, is_japanese: bool) -> str:
    subject = f"{chance.choice(_SUBJECTS)} {number}"
    sender = "Sato Ichiro"
    if is_japanese:
        subject = f"{chance.choice(_JAPANESE_SUBJECTS)} {number}"
        sender = "佐藤 一郎"
    coded = [
        Header(text, None if text.isascii() else "utf-8").encode() for text in (subject, sender)
    ]
    date = formatdate(received_at)
    return (
        "Return-Path: <sato@other.example>\n"
        f"Received: from mx{number % 4}.other.example ([192.0.2.{number % 250}])\n"
        f"\tby mail.atelier.example with ESMTPS id {chance.randrange(1 << 48):x}\n"
        f"\tfor <pierre@atelier.example>; {date}\n"
        f"DKIM-Signature: v=1; a=rsa-sha256; d=other.example; s=a;\n"
        f"\tb={base64.b64encode(chance.randbytes(192)).decode()}\n"
        f"From: {coded[1]} <sato{number % 50}@other.example>\n"
        "To: =?utf-8?b?44OU44Ko44O844Or?= <pierre@atelier.example>, team@other.example\n"
        f"Subject: {coded[0]}\nDate: {date}\nMessage-ID: <{number}.{SEED}@other.example>\n"
        f"References: <{number // 3}.{SEED}@other.example>\nMIME-Version: 1.0\n"
    )


def _text(chance: random.Random, size: int, is_japanese: bool) -> tuple[str, str]:
    if not is_japanese:
        return "Content-Type: text/plain; charset=us-ascii\n", _lines(_words(chance, size))
    if chance.random() < 0.4:
        text = _japanese(chance, size // 2).encode("iso-2022-jp").decode("ascii")
        kind = "Content-Type: text/plain; charset=ISO-2022-JP\nContent-Transfer-Encoding: 7bit\n"
        return kind, text
    coded = _base64(_japanese(chance, size // 4).encode())
    kind = "Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: base64\n"
    return kind, coded


def _alternative(chance: random.Random, size: int, is_japanese: bool) -> tuple[str, str]:
    kind, text = _text(chance, size // 4, is_japanese)
    html = newsletter(size * 3 // 4, chance)
    body = (
        f"--part\n{kind}\n{text}\n--part\nContent-Type: text/html; charset=utf-8\n\n{html}\n"
        "--part--\n"
    )
    return 'Content-Type: multipart/alternative; boundary="part"\n', body


def _with_file(chance: random.Random, size: int, is_japanese: bool) -> tuple[str, str]:
    kind, text = _text(chance, size, is_japanese)
    octets = min(int(FILE_MEDIAN_OCTETS * math.exp(chance.gauss(0, FILE_SPREAD))), FILE_LIMIT)
    name = "filename*=UTF-8''%E8%AD%B0%E4%BA%8B%E9%8C%B2.pdf" if is_japanese else 'filename="m.pdf"'
    body = (
        f"--whole\n{kind}\n{text}\n--whole\nContent-Type: application/pdf\n"
        f"Content-Disposition: attachment; {name}\nContent-Transfer-Encoding: base64\n\n"
        f"{_base64(chance.randbytes(octets))}\n--whole--\n"
    )
    return 'Content-Type: multipart/mixed; boundary="whole"\n', body


def _words(chance: random.Random, size: int) -> str:
    return " ".join(chance.choices(_ENGLISH.split(), k=max(size // 6, 1)))


def _lines(text: str) -> str:
    pieces = (text[start : start + 72] for start in range(0, len(text), 72))
    return "\n".join(piece.strip() for piece in pieces) + "\n"


def _japanese(chance: random.Random, letters: int) -> str:
    return "\n".join(chance.choices(_JAPANESE, k=max(letters // 17, 1))) + "\n"


def _base64(content: bytes) -> str:
    return base64.encodebytes(content).decode("ascii")
