"""What lies in the shared mailboxes."""

from __future__ import annotations

from tests.sandbox.messages.letter import Letter
from tests.sandbox.messages.writing import Envelope, address, encoded, letter, text

SUPPORT, INVOICES = "support@contoso.example", "invoices@contoso.example"
SOUMU, INFO = "soumu@example.jp", "info@lab.example"


_FOUND: tuple[tuple[str, str, str, str, str], ...] = (
    (
        SUPPORT,
        address("Naomi Berg", "naomi@print.example"),
        "The cutter stops after three sheets",
        "Hello,\n\nsince this morning the cutter stops after three sheets and blinks twice.\n"
        "Which part do we have to order?\n\nNaomi Berg\n",
        "",
    ),
    (
        SUPPORT,
        address("Pierre Lefèvre", "pierre@atelier.example"),
        "Manual in French",
        "Bonjour,\n\nis there a French manual for the small press?\n\nPierre\n",
        "\\Seen",
    ),
    (
        INVOICES,
        address("Paper mill", "accounts@mill.example"),
        "Invoice 2026-1107",
        "Dear customer,\n\nplease find below the invoice for 40 reams, due in 30 days.\n\n"
        "Total: 612.40 EUR\n",
        "",
    ),
    (
        SOUMU,
        address("青木 花子", "aoki@bunbogu.example"),
        "年末調整の書類について",
        "総務部 御中\n\nいつもお世話になっております。\n書類は今月末までにお送りします。\n\n青木\n",
        "",
    ),
    (
        INFO,
        address("Ирина Петрова", "irina@journal.example"),
        "Вопрос о публикации",
        "Здравствуйте!\n\nКогда можно будет прочитать отчёт о весенних опытах?\n\nИрина Петрова\n",
        "",
    ),
)
"""Mailbox, sender, subject, text and flag."""


def letters() -> list[Letter]:
    """One question or two for each."""
    return [
        letter(
            mailbox,
            Envelope(sender, mailbox, encoded(subject), 9 + index * 5, f"shared-{index}"),
            text(body),
            flags=(flag,) if flag else (),
        )
        for index, (mailbox, sender, subject, body, flag) in enumerate(_FOUND)
    ]
