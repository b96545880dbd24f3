"""Our side of each measurement, run as a process of its own: ``python -m tests.benchmarks.ours WORK``.

Standard input brings where the servers are, standard output takes the figures as one line of JSON.
"""
