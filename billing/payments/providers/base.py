"""The port to payment providers, and the registry of their types.

A provider object belongs to one configuration (one account at the provider) and keeps no state between calls.
Every call happens outside of transactions. What a call raises says what is certain:

- :class:`ProviderRefused`: the provider said no, nothing happened and repeating it will not help;
- :class:`ProviderUnreachable`: nothing was sent, it may be tried again with the same key;
- :class:`ProviderUnknown`: it was sent and no answer came. Before any other try the caller asks ``find``.

Nothing else may leave a provider: what it does not understand is :class:`ProviderUnknown` after sending.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from django.utils.functional import Promise

from shared_apps.core.money import Money


class Capability(StrEnum):
    """What a provider can do."""

    CARD = "card"
    SAVED = "saved"
    """Charge a method that the payer has saved, without the payer."""
    REFUND = "refund"
    PARTIAL_REFUND = "partial_refund"
    PAYOUT = "payout"
    RECURRING = "recurring"
    """Keeps subscriptions of its own (Stripe Billing)."""
    QR = "qr"
    ADDRESS = "address"
    STAFF = "staff"
    """People of the staff confirm what happened; there is no remote service."""


class ObjectKind(StrEnum):
    """Kinds of objects that the core follows; others have a handler of their own (``inbox``)."""

    PAYMENT = "payment"
    REFUND = "refund"
    PAYOUT = "payout"
    DISPUTE = "dispute"


class ActionKind(StrEnum):
    """What the payer has to do next."""

    NONE = "none"
    CLIENT_SECRET = "client_secret"  # noqa: S105 - a kind, no secret
    """The provider's own script finishes it with ``secret`` (Stripe)."""
    REDIRECT = "redirect"
    QR = "qr"
    """``url`` is drawn as a QR code, and is a link on a phone."""
    ADDRESS = "address"
    """Send the amount to ``address``; ``url`` is its payment link where there is one (BIP 21)."""
    TRANSFER = "transfer"
    """Send a bank transfer as ``details`` say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What ``create`` answers: the provider's object, its state and what the payer does next.

    ``state`` is one of ``rules.PAYMENT``. ``details`` are texts that the pay page lists, by a key that
    ``templates/payments/_action.html`` names. ``expires_at``: until when the payer may do it.
    """

    reference: str
    state: str
    kind: ActionKind = ActionKind.NONE
    url: str = ""
    secret: str = ""
    address: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    expires_at: datetime | None = None
    failure_code: str = ""
    failure_message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedReference:
    """A method that the payer saved while paying."""

    customer: str
    reference: str
    kind: str = "card"
    brand: str = ""
    last4: str = ""
    expires_month: int | None = None
    expires_year: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the provider says of one object now: the only source of truth.

    ``state`` is a state of the kind's machine in ``rules``. ``money`` is what moved (of a payment what was
    received so far). ``parent`` is the payment's reference for a refund or dispute, so that one made at the
    provider finds its payment. ``action`` replaces the stored one where the payer has something else to do.
    """

    kind: ObjectKind
    reference: str
    state: str
    money: Money
    parent: str = ""
    reason: str = ""
    failure_code: str = ""
    failure_message: str = ""
    due_by: datetime | None = None
    saved: SavedReference | None = None
    action: Action | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One payment that is to be made. ``payment_id`` is our own number: give it to the provider as metadata.

    ``customer`` and ``saved_method`` are the provider's references for charging without the payer.
    ``save_method`` asks to keep the method for later. ``label`` is a short number that people can read.
    """

    payment_id: UUID
    money: Money
    description: str
    return_url: str
    purpose: str
    label: str = ""
    customer: str = ""
    customer_email: str = ""
    saved_method: str = ""
    save_method: bool = False
    off_session: bool = False
    #: Where the payer is: ``page`` in a browser that can be sent elsewhere, ``api`` in an app of its own.
    surface: str = "page"
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundIntent:
    """A refund of a payment; without ``payment_reference`` there is nothing to refund."""

    refund_id: UUID
    payment_id: UUID
    payment_reference: str
    money: Money
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutIntent:
    """Money out: ``destination`` is what the provider's ``check_destination`` let pass."""

    payout_id: UUID
    money: Money
    destination: Mapping[str, str]
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A notification as it came in. Headers' names are in lower case."""

    headers: Mapping[str, str]
    raw: bytes
    remote_addr: str | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundReference:
    """What a notification that holds is good for: it names an object, which is then fetched.

    ``object_kind`` is an :class:`ObjectKind` or the name of a registered handler (``stripe.subscription``).
    ``event_id`` is unique at the provider; where there is none, a digest of the object and what happened.
    """

    event_id: str
    event_type: str
    object_kind: str
    object_id: str
    signature: str = "verified"


class InboundRefused(Exception):
    """A notification that is not the provider's: ``signature``, ``stale``, ``address`` or ``garbage``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProviderError(Exception):
    """Base of what providers raise; the code is stable, the message is the provider's, for people."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code, self.message = code, message


class ProviderRefused(ProviderError):
    """The provider said no; nothing happened."""


class ProviderDenied(ProviderRefused):
    """We were not let in, or our key was used for something else: nothing happened by this call, and it says
    nothing of what an earlier one did."""


class ProviderUnreachable(ProviderError):
    """Nothing was sent."""


class ProviderUnknown(ProviderError):
    """It was sent and no answer came: it may have happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A configuration as its provider needs it, never logged. ``is_simulated``: talk to our emulator."""

    configuration_id: UUID
    is_simulated: bool
    secrets: Mapping[str, str]
    settings: Mapping[str, Any]
    currencies: tuple[str, ...] = ()


class Provider(Protocol):
    """One account at a provider. References are the provider's, keys are ours."""

    def create(self, intent: Intent, *, idempotency_key: str) -> Action:
        """Begin a payment; the same key gives the same one. Raises the three errors."""
        ...

    def find(
        self, intent: Intent | RefundIntent | PayoutIntent, *, idempotency_key: str
    ) -> Snapshot | Action | None:
        """What became of a call that was not answered; None proves that nothing happened.

        A provider that promises idempotency may simply repeat the call with the same key. Raises
        ProviderUnreachable or ProviderUnknown where it cannot tell.
        """
        ...

    def fetch(self, kind: ObjectKind, reference: str) -> Snapshot:
        """The object as it is now. Raises ProviderRefused (``not_found``) and the other two."""
        ...

    def cancel(self, reference: str) -> Snapshot:
        """Give up a payment that nobody has paid yet; the answer is what it is now."""
        ...

    def refund(self, intent: RefundIntent, *, idempotency_key: str) -> Snapshot:
        """Give money back."""
        ...

    def payout(self, intent: PayoutIntent, *, idempotency_key: str) -> Snapshot:
        """Send money out."""
        ...

    def inbound(self, notification: Inbound) -> InboundReference | None:
        """Verify a notification; None: it holds and says nothing we follow. Raises InboundRefused."""
        ...

    def check(self) -> str:
        """Ask the provider who we are ("test connection"): our name there. Raises the three errors."""
        ...


@runtime_checkable
class Listing(Protocol):
    """A provider that can list what moved: reconciliation asks it for what we know nothing of."""

    def movements(self, since: datetime) -> Iterable[Snapshot]:
        """Every payment, refund and payout that ended at the provider since then. Raises as ``fetch``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigField:
    """A field of a configuration's form. ``is_secret``: sealed, and never shown again."""

    name: str
    label: str | Promise
    is_secret: bool = False
    is_required: bool = True
    help_text: str | Promise = ""


def _nothing(_given: Mapping[str, str]) -> None:
    """Every value will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderType:
    """A kind of provider, registered by name in an app's ``ready()``.

    ``check_settings`` and ``check_destination`` raise DomainError naming the field; the latter answers with
    the destination as it is kept and a text of it that may be shown (``"FR76 … 0189"``).
    """

    name: str
    label: str | Promise
    capabilities: frozenset[Capability]
    currencies: tuple[str, ...]
    fields: tuple[ConfigField, ...]
    build: Callable[[Account], Provider]
    check_settings: Callable[[Mapping[str, str]], None] = _nothing
    check_destination: Callable[[Mapping[str, str]], tuple[dict[str, str], str]] | None = None
    destination_fields: tuple[ConfigField, ...] = ()
    #: Whether notifications come in at all (not for those that staff confirm).
    has_webhooks: bool = True


_TYPES: dict[str, ProviderType] = {}


def register_provider(provider: ProviderType) -> None:
    """Make a kind of provider known."""
    _TYPES[provider.name] = provider


def provider_type(name: str) -> ProviderType:
    """The provider of that name. Raises KeyError."""
    return _TYPES[name]


def provider_types() -> list[ProviderType]:
    """All kinds, by name."""
    return [_TYPES[name] for name in sorted(_TYPES)]
