"""The provider of demo and tests: its verdict follows from the last letters of the document's number.

``…OK`` approved, ``…NO`` rejected, ``…PD`` pending at first and approved when asked again, ``…DN`` out of
order; every other number is unsure, so that a person of the staff decides. Pages say "simulated".
"""

from __future__ import annotations

from .base import Application, Outcome, ProviderUnavailable, Verdict


class Simulator:
    """Looks at nothing and knows nobody."""

    name = "simulator"
    is_simulated = True

    def __init__(self) -> None:
        self._asked: set[str] = set()

    def check(self, application: Application) -> Verdict:
        """See the module."""
        reference, ending = f"sim-{application.reference}", application.document_number[-2:].upper()
        if ending == "DN":
            raise ProviderUnavailable("the simulator was told to be out of order")
        if ending == "PD" and application.reference not in self._asked:
            self._asked.add(application.reference)
            return Verdict(Outcome.PENDING, reference)
        if ending in ("OK", "PD"):
            return Verdict(Outcome.APPROVED, reference)
        if ending == "NO":
            return Verdict(Outcome.REJECTED, reference, "The document could not be read.")
        return Verdict(Outcome.UNSURE, reference)
