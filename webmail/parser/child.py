"""The child: reads one raw message after the other from standard input, answers with the fields of its row.

A question is one byte (what is asked), eight bytes of length, most significant first, and the raw message; an answer is
eight bytes of length and JSON.
"""

from __future__ import annotations

import json
import resource
import struct
import sys

from webmail.mime.parsing import parse
from webmail.parser.fields import body_text, message_fields
from webmail.parser.frames import QUESTION, TEXT

MEMORY_LIMIT = 1 << 30  # octets of address space


def main() -> None:
    """Answer until standard input ends, which is when the worker is gone."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while len(head := source.read(QUESTION.size)) == QUESTION.size:
        asked, length = QUESTION.unpack(head)
        parsed = parse(source.read(length))
        answer = json.dumps(body_text(parsed) if asked == TEXT else message_fields(parsed)).encode()
        sink.write(struct.pack(">Q", len(answer)) + answer)
        sink.flush()


if __name__ == "__main__":
    main()
