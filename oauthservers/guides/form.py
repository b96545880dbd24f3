"""The form of a guide: steps with what to click, what to copy where, and signs that something went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """One stage at the provider's console.

    ``acts`` are done one after the other. ``copies`` name values of this installation (``facts.py``) that are carried
    to the console, ``commands`` are lines for a terminal, with names of people and servers to be replaced.
    """

    title: Any
    acts: tuple[Any, ...]
    copies: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    note: Any = ""


@dataclass(frozen=True)
class Sign:
    """What is seen later when a step went wrong, and what to mend."""

    seen: str
    means: Any


@dataclass(frozen=True)
class Guide:
    """The way to register the groupware at one kind of authorization server.

    ``needs`` is who can do it; ``console`` the address where it is done, empty when everybody has their own.
    """

    key: str
    title: Any
    intro: Any
    needs: Any
    steps: tuple[Step, ...]
    signs: tuple[Sign, ...] = ()
    console: str = ""
