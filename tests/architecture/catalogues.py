"""The four catalogues: every string of code and templates has its words in every language.

``python -m tests.architecture.catalogues`` lists what is missing; with ``--update`` it first collects the strings.
Each app keeps its own catalogue; templates belong to the app whose folder they lie in, the rest to the groupware.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

LANGUAGES = ("en", "ja", "fr", "ru")
PLURALS = {
    "en": "nplurals=2; plural=(n != 1);",
    "ja": "nplurals=1; plural=0;",
    "fr": "nplurals=2; plural=(n > 1);",
    "ru": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
}
KEYWORDS = [
    "gettext_noop",
    "gettext_lazy",
    "ngettext_lazy:1,2",
    "pgettext:1c,2",
    "npgettext:1c,2,3",
    "pgettext_lazy:1c,2",
    "npgettext_lazy:1c,2,3",
    "_",
    "ngettext:1,2",
    "gettext",
]
OWN_TEMPLATES = ("oauthservers", "webmail")


def _sources(app: str) -> list[Path]:
    code = [path for path in Path(app).rglob("*.py") if "migrations" not in path.parts]
    inside = [
        path
        for path in Path(app).rglob("*")
        if "templates" in path.parts and path.suffix in {".html", ".txt"}
    ]
    templates = [path for path in Path("templates").rglob("*") if path.suffix in {".html", ".txt"}]
    if app == "groupware":
        mine = [path for path in templates if path.parts[1] not in OWN_TEMPLATES]
    else:
        mine = [path for path in templates if path.parts[1] == app]
    return sorted([*code, *inside, *mine])


def collect(app: str) -> str:
    """Return the template catalogue (POT) of one app, without dates and line numbers."""
    from django.utils.translation.template import templatize

    with tempfile.TemporaryDirectory() as folder:
        listed = []
        for source in _sources(app):
            copy = Path(folder) / source
            copy.parent.mkdir(parents=True, exist_ok=True)
            text = source.read_text(encoding="utf-8")
            copy.write_text(
                text if source.suffix == ".py" else templatize(text, origin=str(source)),
                encoding="utf-8",
            )
            listed.append(str(source))
        return subprocess.run(
            [
                "xgettext",
                "--from-code=UTF-8",
                "--language=Python",
                "--add-location=file",
                "--sort-output",
            ]
            + ["--add-comments=Translators", "--package-name=groupware", "--output=-"]
            + [f"--keyword={word}" for word in KEYWORDS]
            + listed,
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout


def catalogue(app: str, language: str) -> Path:
    """Where an app keeps the words of one language."""
    return Path(app) / "locale" / language / "LC_MESSAGES" / "django.po"


def _header(language: str) -> str:
    return (
        'msgid ""\nmsgstr ""\n"Project-Id-Version: groupware\\n"\n"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=UTF-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Language: {language}\\n"\n"Plural-Forms: {PLURALS[language]}\\n"\n\n'
    )


def update(app: str, language: str) -> None:
    """Bring one catalogue up to the strings of today; English translates to itself."""
    path = catalogue(app, language)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(_header(language), encoding="utf-8")
    with tempfile.NamedTemporaryFile("w", suffix=".pot", encoding="utf-8") as template:
        template.write(collect(app).replace("CHARSET", "UTF-8"))
        template.flush()
        command = [
            "msgmerge",
            "--quiet",
            "--no-fuzzy-matching",
            "--update",
            "--backup=none",
            "--sort-output",
        ]
        subprocess.run([*command, "--add-location=file", str(path), template.name], check=True)
    subprocess.run(
        ["msgattrib", "--no-obsolete", "--sort-output", "-o", str(path), str(path)], check=True
    )
    if language == "en":
        subprocess.run(["msgen", "--sort-output", "-o", str(path), str(path)], check=True)
    for line in path.read_text(encoding="utf-8").splitlines():
        if "POT-Creation-Date" in line:
            text = path.read_text(encoding="utf-8").replace(line + "\n", "")
            path.write_text(text, encoding="utf-8")


def _identifiers(po: str) -> set[str]:
    plain = subprocess.run(
        ["msgattrib", "--no-obsolete", "--no-location", "--no-wrap", "-"],
        input=po,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return {line for line in plain.splitlines() if line.startswith("msgid ") and line != 'msgid ""'}


def missing() -> list[str]:
    """One line for each string without words in some language."""
    found = []
    for app in ("groupware", "oauthservers", "webmail"):
        wanted = _identifiers(collect(app).replace("CHARSET", "UTF-8"))
        for language in LANGUAGES:
            path = catalogue(app, language)
            if not path.exists():
                found.append(f"{path}: missing")
                continue
            text = path.read_text(encoding="utf-8")
            found += [
                f"{path}: not collected: {line}" for line in sorted(wanted - _identifiers(text))
            ]
            for kind in ("--untranslated", "--only-fuzzy"):
                listed = subprocess.run(
                    ["msgattrib", kind, "--no-obsolete", "--no-wrap", str(path)],
                    check=True,
                    capture_output=True,
                    text=True,
                )
                found += (
                    [f"{path}: {kind[2:]}: {line}" for line in sorted(_identifiers(listed.stdout))]
                    if listed.stdout
                    else []
                )
    return found


if __name__ == "__main__":
    os.environ.setdefault("GROUPWARE_DEVELOPMENT", "1")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groupware.settings")
    if "--update" in sys.argv:
        for app_name in ("groupware", "oauthservers", "webmail"):
            for language_code in LANGUAGES:
                update(app_name, language_code)
    gaps = missing()
    print("\n".join(gaps[:40]) or "Catalogues complete.")
    sys.exit(bool(gaps))
