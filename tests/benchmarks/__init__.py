"""Measurements against named peers and limits, in one run on one machine: ``python -m tests.benchmarks``.

Nothing here asserts: a figure is a fact about a machine, and only the ratio of two figures of the same run travels.
``docs/performance.md`` says what each row measures.
"""
