"""Which mailbox is the one for drafts, sent mail, junk, trash, archive.

Flags decide (RFC 6154, and those of the older XLIST). Exchange Online offers none and names
its folders in the language of the mailbox, so a table of names decides where flags are silent.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_ROLE_OF_FLAG = {
    "\\inbox": "inbox",
    "\\drafts": "drafts",
    "\\sent": "sent",
    "\\junk": "junk",
    "\\spam": "junk",
    "\\trash": "trash",
    "\\archive": "archive",
    "\\all": "all",
    "\\allmail": "all",
}

_HOLDS_NO_MAIL = frozenset({"\\noselect", "\\nonexistent"})

# In each role the more telling name stands first: it wins where a mailbox has both.
_NAMES = {
    "drafts": (
        ("Drafts", "Draft", "Draft Messages"),
        ("下書き", "下書きアイテム", "草稿"),
        ("Brouillons", "Brouillon"),
        ("Черновики",),
        ("Entwürfe", "Entwurf"),
    ),
    "sent": (
        ("Sent Items", "Sent", "Sent Mail", "Sent Messages", "Sent Objects"),
        ("送信済みアイテム", "送信済み", "送信済みメール", "送信済みトレイ", "送信控え"),
        ("Éléments envoyés", "Messages envoyés", "Courrier envoyé", "Objets envoyés", "Envoyés"),
        ("Отправленные", "Отправленные элементы", "Отправленные письма"),
        ("Gesendete Elemente", "Gesendete Objekte", "Gesendete Nachrichten", "Gesendet"),
    ),
    "junk": (
        ("Junk Email", "Junk E-mail", "Junk", "Junk Mail", "Spam", "Bulk Mail", "Bulk"),
        ("迷惑メール", "迷惑メールフォルダー", "スパム"),
        ("Courrier indésirable", "Indésirables", "Pourriel"),
        ("Нежелательная почта", "Спам"),
        ("Junk-E-Mail", "Spamverdacht", "Unerwünschte Werbung", "Unerwünscht"),
    ),
    "trash": (
        ("Deleted Items", "Trash", "Deleted Messages", "Bin", "Deleted", "Wastebasket"),
        ("削除済みアイテム", "ゴミ箱", "ごみ箱", "削除済み", "削除済みメール"),
        ("Éléments supprimés", "Corbeille", "Messages supprimés"),
        ("Удаленные", "Корзина", "Удаленные элементы"),
        ("Gelöschte Elemente", "Papierkorb", "Gelöschte Objekte", "Gelöscht"),
    ),
    "archive": (
        ("Archive", "Archives"),
        ("アーカイブ", "保管済み"),
        ("Archives",),
        ("Архив",),
        ("Archiv",),
    ),
    "all": (
        ("All Mail",),
        ("すべてのメール",),
        ("Tous les messages",),
        ("Вся почта",),
        ("Alle Nachrichten",),
    ),
}


class Listed(NamedTuple):
    """A mailbox as listed: decoded name, delimiter ("" when flat), flags in lower case."""

    name: str
    delimiter: str
    flags: frozenset[str]


def _key(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold().replace("ё", "е")
    return " ".join(folded.replace("-", " ").replace("_", " ").split())


# name -> (role, rank); the lower rank is the more telling name.
_ROLE_OF_NAME = {
    _key(name): (role, rank)
    for role, languages in _NAMES.items()
    for names in languages
    for rank, name in enumerate(names)
}


def assign_roles(mailboxes: Sequence[Listed]) -> dict[str, str]:
    """name -> role for the mailboxes which have one; each role is given once.

    Only mailboxes at the top, or directly below INBOX or a folder which holds no mail itself
    ("[Gmail]"), are recognised by name: "Projects/Archive" is somebody's own folder.
    """
    roles: dict[str, str] = {}
    for listed in mailboxes:
        if listed.name.upper() == "INBOX":
            roles[listed.name] = "inbox"
    for listed in mailboxes:
        role = next((_ROLE_OF_FLAG[f] for f in sorted(listed.flags) if f in _ROLE_OF_FLAG), "")
        if role and listed.name not in roles and role not in roles.values():
            roles[listed.name] = role
    for _rank, role, name in sorted(_candidates(mailboxes)):
        if name not in roles and role not in roles.values():
            roles[name] = role
    return roles


def _candidates(mailboxes: Sequence[Listed]) -> Iterable[tuple[tuple[int, int], str, str]]:
    containers = {m.name for m in mailboxes if m.flags & _HOLDS_NO_MAIL}
    for listed in mailboxes:
        if listed.flags & _HOLDS_NO_MAIL:
            continue
        parent, _, leaf = (
            listed.name.rpartition(listed.delimiter) if listed.delimiter else ("", "", listed.name)
        )
        if parent and parent.upper() != "INBOX" and parent not in containers:
            continue
        found = _ROLE_OF_NAME.get(_key(leaf))
        if found:
            role, rank = found
            yield (len(parent), rank), role, listed.name
