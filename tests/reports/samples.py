"""Requests of reports for the test of the matrix."""

from tests.access.samples import sample

sample("both GET /revenue/", "both GET /revenue/csv/")
