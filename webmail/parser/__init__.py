"""Parsing of received mail in a child process, so that no message can stop a folder.

``webmail.mime.parsing`` never raises on bad mail, but a hostile message may still take for ever, eat the memory
or bring the interpreter down. Parsed in a child with a memory limit and watched by a clock, such a message costs one
child; the folder goes on and the message is kept in quarantine with its raw bytes untouched.
Refused: an attempt counter around parsing in the worker itself. It needs a commit per batch and loses the worker's
other accounts each time, and a thread cannot be stopped at all.
"""

from webmail.parser.pool import Parser, ParserPool, parse, text

__all__ = ["Parser", "ParserPool", "parse", "text"]
