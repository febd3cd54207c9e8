"""Who checks identities: a provider by its name; see :mod:`.base`."""

from .base import Application, IdentityProvider, ProviderUnavailable, Verdict, get_provider, register_provider

__all__ = [
    "Application",
    "IdentityProvider",
    "ProviderUnavailable",
    "Verdict",
    "get_provider",
    "register_provider",
]
