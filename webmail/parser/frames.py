"""What goes through the pipe: a question is one byte and eight bytes of length, then the raw message."""

import struct

QUESTION = struct.Struct(">cQ")
FIELDS = b"F"  # the columns of the message's row
TEXT = b"T"  # the text of its body
