"""Requests of the log for the test of the matrix."""

from __future__ import annotations

from tests.access.samples import sample

sample("tenant GET /api/v1/audit/events/")
sample("platform GET /api/v1/audit/events/")

sample("both GET /audit/")
