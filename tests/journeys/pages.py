"""Pages as a browser without scripts sees them: words, and forms that can be filled in."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

Attributes = dict[str, str | None]


@dataclass
class Form:
    """A form with the values it came with. ``buttons`` are (name, value) of those that submit."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, dict[str, str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def choice(self, name: str, label: str) -> str:
        """The value of the option of ``name`` whose label holds ``label``."""
        return next(value for value, text in self.choices[name].items() if label in text)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.words: list[str] = []
        self._form: Form | None = None
        self._select = self._option = self._area = None
        self._silent = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag in {"script", "style"}:
            self._silent = tag
        elif tag == "form":
            self._form = Form(given.get("action") or "", (given.get("method") or "get").lower())
            self.forms.append(self._form)
        elif self._form is None or "disabled" in given:
            return
        elif tag == "button" and given.get("type", "submit") == "submit":
            self._form.buttons.append((name, given.get("value") or ""))
        elif tag == "input" and name:
            self._input(self._form, name, given)
        elif tag == "select" and name:
            self._select = name
            self._form.choices[name] = {}
        elif tag == "option" and self._select:
            self._option = given.get("value") or ""
            self._form.choices[self._select][self._option] = ""
            if "selected" in given:
                self._form.fields[self._select] = [self._option]
        elif tag == "textarea" and name:
            self._area = name
            self._form.fields[name] = [""]

    @staticmethod
    def _input(form: Form, name: str, given: Attributes) -> None:
        kind = given.get("type") or "text"
        if kind in {"submit", "button", "image"}:
            form.buttons.append((name, given.get("value") or ""))
        elif kind in {"checkbox", "radio"}:
            if "checked" in given:
                form.fields.setdefault(name, []).append(given.get("value") or "on")
        elif kind != "file":
            form.fields.setdefault(name, []).append(given.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._silent:
            self._silent = ""
        elif tag == "form":
            self._form = None
        elif tag == "select" and self._form is not None and self._select:
            options = self._form.choices[self._select]
            self._form.fields.setdefault(self._select, list(options)[:1])
            self._select = self._option = None
        elif tag == "option":
            self._option = None
        elif tag == "textarea" and self._form is not None and self._area:
            # The first line feed after the tag is not content (HTML Living Standard 13.1.2.5).
            self._form.fields[self._area] = [self._form.fields[self._area][0].removeprefix("\n")]
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._area:
            self._form.fields[self._area][0] += data
        if self._form is not None and self._select and self._option is not None:
            self._form.choices[self._select][self._option] += data.strip()
        if not self._silent:
            self.words.append(data)


@dataclass
class Page:
    """What came back. ``leaves_for`` is set when the browser was sent to another site."""

    status: int
    address: str
    html: str
    leaves_for: str = ""

    def __post_init__(self) -> None:
        reader = _Reader()
        reader.feed(self.html)
        reader.close()
        self.forms = reader.forms
        self.words = " ".join(" ".join(reader.words).split())

    def form(self, having: str) -> Form:
        """The first form that has a field or a button of this name, or whose action holds it."""
        for form in self.forms:
            buttons = {name for name, _value in form.buttons}
            if having in form.fields or having in buttons or having in form.choices:
                return form
            if having in form.action:
                return form
        raise AssertionError(f"No form has {having} on {self.address}: {self.words[:500]}")
