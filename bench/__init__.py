"""The benchmarks: each figure beside its yardstick, both measured in turns in the same run.

``python -m bench`` runs all groups, ``python -m bench audit`` or ``make bench ONLY=audit`` one. Each figure
is a line of JSON on standard output; what is going on goes to standard error.
"""
