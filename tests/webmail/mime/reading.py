"""Reads a message of the corpus by its name."""

from pathlib import Path

from webmail.mime.parsing import ParsedMessage, parse

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
NAMES = sorted(path.stem for path in CORPUS.glob("*.eml"))


def raw(name: str) -> bytes:
    return (CORPUS / f"{name}.eml").read_bytes()


def read(name: str) -> ParsedMessage:
    return parse(raw(name))
