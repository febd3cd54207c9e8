"""Every write to the configuration: options and brand (:mod:`.options`), domains (:mod:`.domains`)."""

from .domains import add_domain, check_domain, check_due_domains, make_primary, remove_domain
from .options import (
    PLATFORM_PLACE,
    REASON_LENGTH,
    Place,
    change_brand,
    change_logo,
    change_option,
    change_setting,
    reset_option,
    reset_setting,
)

__all__ = [
    "PLATFORM_PLACE",
    "REASON_LENGTH",
    "Place",
    "add_domain",
    "change_brand",
    "change_logo",
    "change_option",
    "change_setting",
    "check_domain",
    "check_due_domains",
    "make_primary",
    "remove_domain",
    "reset_option",
    "reset_setting",
]
