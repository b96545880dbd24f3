import pytest

from webmail.protocols.roles import Listed, assign_roles


def listed(*names: str, delimiter: str = "/", **flags: str) -> list[Listed]:
    return [Listed(name, delimiter, frozenset()) for name in names]


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", ["Drafts", "Sent Items", "Junk Email", "Deleted Items", "Archive"]),
        ("ja", ["下書き", "送信済みアイテム", "迷惑メール", "削除済みアイテム", "アーカイブ"]),
        (
            "fr",
            [
                "Brouillons",
                "Éléments envoyés",
                "Courrier indésirable",
                "Éléments supprimés",
                "Archives",
            ],
        ),
        ("ru", ["Черновики", "Отправленные", "Нежелательная почта", "Удалённые", "Архив"]),
        ("de", ["Entwürfe", "Gesendete Elemente", "Junk-E-Mail", "Gelöschte Elemente", "Archiv"]),
    ],
)
def test_names_of_exchange_in_five_languages(language: str, names: list[str]) -> None:
    roles = assign_roles(listed("INBOX", *names, "Notes"))
    assert roles == {
        "INBOX": "inbox",
        **dict(zip(names, ["drafts", "sent", "junk", "trash", "archive"], strict=True)),
    }


def test_flags_win_over_names() -> None:
    boxes = [
        Listed("Sent", "/", frozenset()),
        Listed("Postausgang", "/", frozenset({"\\sent", "\\hasnochildren"})),
    ]
    assert assign_roles(boxes) == {"Postausgang": "sent"}


def test_flags_of_xlist_are_understood() -> None:
    boxes = [
        Listed("[Gmail]/Alle", "/", frozenset({"\\allmail"})),
        Listed("[Gmail]/Werbung", "/", frozenset({"\\spam"})),
    ]
    assert assign_roles(boxes) == {"[Gmail]/Alle": "all", "[Gmail]/Werbung": "junk"}


def test_each_role_is_given_once_and_to_the_more_telling_name() -> None:
    assert assign_roles(listed("Sent", "Sent Items", "送信控え")) == {"Sent Items": "sent"}


def test_somebodys_own_folder_below_another_is_left_alone() -> None:
    assert assign_roles(listed("Projects", "Projects/Archive", "Projects/Trash")) == {}


def test_folders_below_inbox_and_containers_are_recognised() -> None:
    boxes = [
        *listed("INBOX", "INBOX.Brouillons", delimiter="."),
        Listed("[Gmail]", "/", frozenset({"\\noselect"})),
        Listed("[Gmail]/Корзина", "/", frozenset()),
        Listed("Spam", "/", frozenset({"\\noselect"})),
    ]
    assert assign_roles(boxes) == {
        "INBOX": "inbox",
        "INBOX.Brouillons": "drafts",
        "[Gmail]/Корзина": "trash",
    }


def test_a_flat_server_has_roles_too() -> None:
    assert assign_roles(listed("inbox", "TRASH", delimiter="")) == {
        "inbox": "inbox",
        "TRASH": "trash",
    }


def test_width_and_composition_of_letters_do_not_matter() -> None:
    decomposed = "E\u0301le\u0301ments envoye\u0301s"
    assert assign_roles(listed(decomposed)) == {decomposed: "sent"}
    assert assign_roles(listed("ｺﾞﾐ箱")) == {"ｺﾞﾐ箱": "trash"}
