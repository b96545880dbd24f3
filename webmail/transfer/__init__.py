"""Mail accounts as a file: written out, read in, shown before anything changes, and then done exactly so.

``columns`` says what a file may hold, ``reading`` turns bytes into rows, ``planning`` says of each row what it would
do and what is wrong with it, ``applying`` does it, ``exporting`` writes the file. A file never holds a token, and a
password only on its way in.
"""

from webmail.transfer.applying import ChangedMeanwhileError, apply, sweep
from webmail.transfer.exporting import exported
from webmail.transfer.planning import Plan, PlannedRow, Problem, plan
from webmail.transfer.reading import LARGEST, ReadError, Table, decoded, table

__all__ = [
    "LARGEST",
    "ChangedMeanwhileError",
    "Plan",
    "PlannedRow",
    "Problem",
    "ReadError",
    "Table",
    "apply",
    "decoded",
    "exported",
    "plan",
    "sweep",
    "table",
]
