"""What a parser that shares nothing with the sanitizer finds in its result."""

import re
from html.parser import HTMLParser

from webmail.mime import css
from webmail.mime.attributes import ALLOWED


class Inspector(HTMLParser):
    """Collects elements and fails on markup that is not balanced."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.sheets: list[str] = []
        self.others: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in ("br", "hr", "img", "col", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] == ["style"]:
            self.sheets.append(data)

    def handle_comment(self, data):
        self.others.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def assert_harmless(html: str, *, remote: bool = False) -> Inspector:
    seen = Inspector()
    seen.feed(html)
    seen.close()
    assert seen.open == []
    assert seen.others == []
    for tag, attributes in seen.elements:
        if tag == "style":
            assert attributes == {}
            continue
        assert tag in ALLOWED, tag
        for name, value in attributes.items():
            assert name in ALLOWED[tag] | ({"rel", "target"} if tag == "a" else set()), (tag, name)
            _assert_harmless_value(tag, name, value or "", remote)
        if tag == "a":
            assert attributes.get("rel") == "noopener noreferrer nofollow"
            assert attributes.get("target") == "_blank"
    for sheet in seen.sheets:
        _assert_harmless_style(sheet)
        assert set(re.findall(r"@[\w-]+", sheet)) <= {"@media"}
        assert all(css.SCOPE in rule for rule in re.findall(r"^[^@}\n][^{\n]*\{", sheet, re.M))
    return seen


def _assert_harmless_value(tag: str, name: str, value: str, remote: bool) -> None:
    assert not name.startswith("on")
    if name == "href":
        assert re.match(r"https?://[^/\\]|mailto:|tel:", value, re.I), value
        assert not re.search(r"[\\\s\x00-\x20]", value), value
    elif name == "src":
        local = re.match(r"/mail/1/part/\d+$|data:image/(png|jpe?g|gif|webp|bmp);base64,", value)
        assert local or (remote and re.match(r"https?://[^/\\]", value)), value
    elif name == "style":
        _assert_harmless_style(value)
    elif name in ("class", "id"):
        assert all(one.startswith(css.PREFIX) for one in value.split()), value


def _assert_harmless_style(text: str) -> None:
    lowered = text.lower()
    for word in (
        "url",
        "\\",
        "<",
        "expression",
        "behavior",
        "var(",
        "attr(",
        "env(",
        "src(",
        "image-set",
        "@import",
        "position: fixed",
        "position:",
        "content:",
        "/*",
        "--x",
    ):
        if word == "position:":
            assert not re.search(r"(?<![\w-])position:", lowered)
        else:
            assert word not in lowered, word
