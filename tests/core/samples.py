"""Requests of the ground floor's own addresses for the test of the matrix."""

from __future__ import annotations

from tests.access.samples import sample

sample("platform GET /health/detailed/", may=frozenset({503}))  # a part may be down where tests run
