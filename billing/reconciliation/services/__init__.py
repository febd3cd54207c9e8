"""Settling tenants with the platform, and comparing ledgers, payments and providers."""

from .comparing import register_booked
from .running import begin_nightly, carry_out, start_run
from .sweeping import sweep_tenant

__all__ = ["begin_nightly", "carry_out", "register_booked", "start_run", "sweep_tenant"]
