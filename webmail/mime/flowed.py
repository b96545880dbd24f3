"""format=flowed (RFC 3676): soft line breaks taken out again."""

from __future__ import annotations


def unflow(text: str, *, delete_space: bool) -> str:
    """Paragraphs as single lines; quote depth and the signature separator are kept.

    ``delete_space`` is the DelSp parameter, made for languages written without spaces.
    """
    lines: list[str] = []
    previous: int | None = None  # quote depth of a line that flows on
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content[1:] if content.startswith(" ") else content  # space-stuffing
        is_signature = content == "-- "
        flows = content.endswith(" ") and not is_signature
        if flows and delete_space:
            content = content[:-1]
        if previous == depth and not is_signature:
            lines[-1] += content
        else:
            lines.append(f"{'>' * depth} {content}" if depth else content)
        previous = depth if flows else None
    return "\n".join(lines)
