"""The parser's child with a weak stomach: some subjects make it hang, die, eat all memory or answer nonsense."""

from __future__ import annotations

import os
import re
import signal
import sys
import time

from webmail.mime import parsing
from webmail.parser import child

_sound = parsing.parse


def parse(raw: bytes) -> parsing.ParsedMessage:
    subject = re.search(rb"^Subject: poison (\w+)", raw, re.MULTILINE)
    match subject and subject[1]:
        case b"hangs":
            time.sleep(3600)
        case b"kills":
            os.kill(os.getpid(), signal.SIGKILL)
        case b"raises":
            raise RecursionError
        case b"eats":
            bytearray(8 << 30)
        case b"exits":
            sys.exit(0)
    return _sound(raw)


if __name__ == "__main__":
    child.parse = parse
    child.main()
