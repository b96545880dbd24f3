"""Finding mail: words cut the same way at both ends, one index per database, newest first.

- ``tokens`` cuts text into words: Japanese, Chinese and Korean runs into pairs of characters, other words whole.
  Pure Python; the same cutting for what is stored and for what is asked.
- ``query`` reads what a person typed: words, "phrases", operators in four languages, -negation.
- ``index`` is the door to the index: FTS5 on SQLite, ``tsvector`` with GIN on PostgreSQL.
- ``indexing`` follows the mail: every message is found a few seconds after it was received, and how far the index
  lags behind is known.
- ``finding`` gives the messages of a page, through the permissions of the person who asks.

The index knows no permissions beyond the account, holds no text (words and their places only) and may be thrown
away: ``indexing.start_over()`` builds it again from the raw mail.
"""
