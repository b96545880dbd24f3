"""The size budget: a file tells one story, a function fits a screen.

``python -m tests.architecture.budget`` lists what is over it. An exception is named here with its reason.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

FILE_LINES, FUNCTION_LINES, CLASS_METHODS = 300, 50, 15
PRODUCT = ("groupware/", "oauthservers/", "webmail/")
#: path, or path:name, with the reason why it may be larger.
EXCEPTIONS: dict[str, str] = {
    "webmail/protocols/wire.py:Wire": "the face of a socket that three libraries expect",
    "webmail/protocols/imap_connection.py:ImapConnection": "one method per IMAP command and state",
    "webmail/protocols/imap_mailboxes.py:MailboxCommands": "one method per IMAP command",
    "tests/sandbox/dovecot.py:_main": "one configuration file, read best as one text",
    "tests/sandbox/messages/european.py:_french": "letters, one after the other",
    "tests/sandbox/messages/european.py:_russian": "letters, one after the other",
    "tests/sandbox/messages/japanese.py:_inbox": "letters, one after the other",
}


def sources() -> list[Path]:
    """Python files under version control or about to be, without migrations."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    return [Path(name) for name in listed if "/migrations/" not in name and Path(name).exists()]


def _over(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    found = []
    lines = text.count("\n")
    if lines > FILE_LINES and str(path) not in EXCEPTIONS:
        found.append(f"{path}: {lines} lines, the budget is {FILE_LINES}")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES and f"{path}:{node.name}" not in EXCEPTIONS:
                found.append(
                    f"{path}:{node.lineno}: {node.name} has {length} lines, the budget is {FUNCTION_LINES}"
                )
        elif isinstance(node, ast.ClassDef) and str(path).startswith(PRODUCT):
            methods = sum(
                isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) for item in node.body
            )
            if methods > CLASS_METHODS and f"{path}:{node.name}" not in EXCEPTIONS:
                found.append(
                    f"{path}:{node.lineno}: {node.name} has {methods} methods, the budget is {CLASS_METHODS}"
                )
    return found


def over_budget() -> list[str]:
    """One line for each file, function and class over the budget."""
    return [line for path in sources() for line in _over(path)]


if __name__ == "__main__":
    excess = over_budget()
    print("\n".join(excess) or "Size budget kept.")
    sys.exit(bool(excess))
