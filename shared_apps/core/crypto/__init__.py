"""The vault: texts and files that a stolen database or backup must not give away (attack table, row 23).

``seal(text, purpose="trading_accounts.credential", row=account.pk)`` gives a text to store,
``unseal(text, purpose=…, row=…)`` the original, and only for the same tenant, purpose and row: AES-256-GCM
with these three as associated data, under a key that HKDF derives for the tenant and purpose.
Master keys are ``settings.FIELD_ENCRYPTION_KEYS``; the first seals, all open. An app that stores sealed texts
says where with ``register_sealed``, so that ``manage.py rotate_keys`` finds them.
"""

from .columns import SealedColumn, register_sealed
from .files import SealedFile, seal_file, unseal_file
from .vault import UnsealError, seal, unseal

__all__ = [
    "SealedColumn",
    "SealedFile",
    "UnsealError",
    "register_sealed",
    "seal",
    "seal_file",
    "unseal",
    "unseal_file",
]
