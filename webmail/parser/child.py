"""The child: reads one raw message after the other from standard input, answers with the fields of its row.

A frame is eight bytes of length, most significant first, then the content: raw bytes one way, JSON the other.
"""

from __future__ import annotations

import json
import resource
import struct
import sys

from webmail.mime.parsing import parse
from webmail.parser.fields import message_fields

MEMORY_LIMIT = 1 << 30  # octets of address space


def main() -> None:
    """Answer until standard input ends, which is when the worker is gone."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while len(head := source.read(8)) == 8:
        (length,) = struct.unpack(">Q", head)
        answer = json.dumps(message_fields(parse(source.read(length)))).encode()
        sink.write(struct.pack(">Q", len(answer)) + answer)
        sink.flush()


if __name__ == "__main__":
    main()
