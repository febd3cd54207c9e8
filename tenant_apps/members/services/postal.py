"""A member's postal addresses and business (S3-52, S3-53): each member's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django_countries import countries

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.core.context import platform_context
from shared_apps.core.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from shared_apps.core.events import emit
from shared_apps.users.queries import account_type_of
from tenant_apps.members import postal, queries
from tenant_apps.members.events import (
    AddressAdded,
    AddressChanged,
    AddressRemoved,
    BusinessChanged,
    BusinessRemoved,
)
from tenant_apps.members.models import Address, Member, ProfessionalInfo

#: Addresses that one member may keep.
MOST_ADDRESSES: Final = 20
ADDRESS_FIELDS: Final = (
    "label", "recipient", "company", "line1", "line2", "postal_code", "city", "region", "country",
    "phone_number", "is_default_shipping", "is_default_billing",
)  # fmt: skip
BUSINESS_FIELDS: Final = (
    "legal_name",
    "legal_form",
    "registration_number",
    "vat_number",
    "tax_id",
    "country",
)
_PROFESSIONAL: Final = "professionnel"


@transaction.atomic(durable=True)
def add_address(*, actor: Actor, values: Mapping[str, Any]) -> Address:
    """Keep another address; the first is the default for both uses.

    Raises DomainError naming ``country`` or ``postal_code``, ConflictError above twenty addresses.
    """
    require(actor, "members.change_address")
    member = _lock_self(actor)
    kept = Address.objects.filter(member=member)
    number = kept.count()
    if number >= MOST_ADDRESSES:
        raise ConflictError("address.too_many", _("Twenty addresses are enough: remove one first."))
    address = Address(member=member)
    _fill(address, values)
    if number == 0:
        address.is_default_shipping = address.is_default_billing = True
    _take_defaults(address)
    address.save(force_insert=True)
    emit(AddressAdded(address_id=address.pk, member_id=member.pk))
    return address


@transaction.atomic(durable=True)
def change_address(*, actor: Actor, address_id: UUID, changes: Mapping[str, Any]) -> Address:
    """Change one of one's own addresses. Raises NotFoundError, DomainError naming the field."""
    _lock_self(actor)
    address = queries.get_address_for_update(actor, address_id, "members.change_address")
    _fill(address, changes)
    _take_defaults(address)
    address.save()
    emit(AddressChanged(address_id=address.pk, member_id=address.member_id))
    return address


@transaction.atomic(durable=True)
def remove_address(*, actor: Actor, address_id: UUID) -> None:
    """Forget one of one's own addresses. Raises NotFoundError."""
    address = queries.get_address_for_update(actor, address_id, "members.change_address")
    member_id = address.member_id
    address.delete()
    emit(AddressRemoved(address_id=address_id, member_id=member_id))


@transaction.atomic(durable=True)
def set_business(*, actor: Actor, values: Mapping[str, Any]) -> ProfessionalInfo:
    """Say whose business one acts for (S3-34): for accounts of the type ``professionnel``.

    Raises ConflictError for an individual's account, DomainError naming the number that cannot be one.
    """
    require(actor, "members.change_business")
    member = _lock_self(actor)
    with platform_context():
        account_type = account_type_of(member.user_id)
    if account_type != _PROFESSIONAL:
        raise ConflictError(
            "business.individual",
            _("Your account is an individual's. Say in your profile first that you act as a professional."),
        )
    row = ProfessionalInfo.objects.select_for_update().filter(member=member).first()
    info = row or ProfessionalInfo(member=member)
    for field in BUSINESS_FIELDS:
        if field in values:
            setattr(info, field, values[field])
    _check_business(info)
    info.save()
    emit(BusinessChanged(member_id=member.pk))
    return info


@transaction.atomic(durable=True)
def remove_business(*, actor: Actor) -> None:
    """Forget the business. Raises NotFoundError where there is none."""
    require(actor, "members.change_business")
    member = _lock_self(actor)
    info = ProfessionalInfo.objects.filter(member=member).first()
    if info is None:
        raise NotFoundError("business.none", _("No business is written down."))
    info.delete()
    emit(BusinessRemoved(member_id=member.pk))


def forget_postal(member: Member) -> None:
    """Step: nothing of where an erased person lived or what they ran is kept."""
    Address.objects.filter(member=member).delete()
    ProfessionalInfo.objects.filter(member=member).delete()


def _lock_self(actor: Actor) -> Member:
    if actor.member_id is None:
        raise ForbiddenError("member.none", _("Only members have addresses here."))
    member: Member = Member.objects.select_for_update().get(pk=actor.member_id)
    return member


def _fill(address: Address, values: Mapping[str, Any]) -> None:
    for field in ADDRESS_FIELDS:
        if field in values:
            value = values[field]
            setattr(address, field, value.strip() if isinstance(value, str) else value)
    address.country, address.postal_code = address.country.upper(), address.postal_code.upper()
    _check_country(address.country)
    if not postal.postal_code_holds(address.country, address.postal_code):
        raise DomainError(
            "address.postal_code",
            _("This is no postal code of %(country)s.") % {"country": countries.name(address.country)},
            field="postal_code",
        )


def _take_defaults(address: Address) -> None:
    """One address is the default for each use: the others give it up."""
    others = Address.objects.filter(member_id=address.member_id).exclude(pk=address.pk)
    for field in ("is_default_shipping", "is_default_billing"):
        if getattr(address, field):
            others.filter(**{field: True}).update(**{field: False})


def _check_business(info: ProfessionalInfo) -> None:
    info.country, info.vat_number = info.country.upper(), info.vat_number.upper().replace(" ", "")
    _check_country(info.country)
    if not postal.registration_number_holds(info.country, info.registration_number):
        raise DomainError(
            "business.registration_number",
            _("This is no registration number (in France a SIRET of 14 digits)."),
            field="registration_number",
        )
    if info.vat_number and not postal.vat_number_holds(info.vat_number):
        raise DomainError(
            "business.vat_number",
            _("A VAT number begins with the two letters of its country."),
            field="vat_number",
        )


def _check_country(country: str) -> None:
    if country not in countries:
        raise DomainError("address.country", _("There is no such country."), field="country")
