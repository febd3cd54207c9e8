"""Every write to identity cases. The provider is asked outside of transactions, by a task."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.access.step_up import require_recent
from shared_apps.core import crypto
from shared_apps.core.background import enqueue
from shared_apps.core.errors import (
    ConflictError,
    DomainError,
    ForbiddenError,
    NotFoundError,
    TooManyRequestsError,
)
from shared_apps.core.events import emit
from shared_apps.core.locking import lock_one
from tenant_apps.members.models import Member

from . import documents, queries, rules
from .events import IdentityDetailsViewed, IdentityDocumentsErased, IdentityStateChanged
from .models import IdentityCase, IdentityDocument
from .options import APPROVAL_LIFETIME, DOCUMENT_RETENTION, MINIMUM_AGE, SUBMISSIONS_A_DAY
from .providers import Application, Verdict, get_provider
from .providers.base import Outcome

State = IdentityCase.State
PURPOSE = "compliance.details"
#: Who checks now; the real ones are chosen by their keys when they arrive.
PROVIDER = "simulator"
REASON_LENGTH = 300
_ASK_AGAIN = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Details:
    """What a person says of themselves; ``country`` is an ISO 3166 code of two letters."""

    legal_name: str
    birth_date: date
    country: str
    document_kind: str
    document_number: str
    document_expires_on: date


def submit_case(*, actor: Actor, details: Details, pictures: dict[str, Any]) -> IdentityCase:
    """Ask to be known. ``pictures`` are uploads by side: front, selfie and, but for passports, back.

    Raises DomainError naming the field, ConflictError ``identity.standing`` while another case is open or
    approved, TooManyRequestsError.
    """
    require(actor, "compliance.submit_case")
    if actor.member_id is None:
        raise ForbiddenError("identity.no_member", _("Only members have their identity checked."))
    _check(details)
    cleaned = {side: documents.clean_picture(upload, side) for side, upload in _sides(details, pictures)}
    provider = get_provider(PROVIDER)
    try:
        with transaction.atomic(durable=True):
            _refuse_too_many(actor.member_id)
            case = IdentityCase(
                member_id=actor.member_id,
                document_kind=details.document_kind,
                document_expires_on=details.document_expires_on,
                provider=provider.name,
                is_simulated=provider.is_simulated,
            )
            case.details = crypto.seal(json.dumps(asdict(details), default=str), purpose=PURPOSE, row=case.pk)
            case.save(force_insert=True)
            for side, content in cleaned.items():
                documents.keep(case, side, content)
            _tell(case, actor.user_id or 0, "", "")
            enqueue("compliance.ask_provider", case_id=str(case.pk))
    except IntegrityError:
        raise ConflictError(
            "identity.standing", _("Your identity is being checked, or is approved already.")
        ) from None
    return case


def _check(details: Details) -> None:
    fault = rules.details_fault(
        legal_name=details.legal_name,
        born=details.birth_date,
        country=details.country,
        document_number=details.document_number,
        document_expires_on=details.document_expires_on,
        today=timezone.now().date(),
        minimum_age=MINIMUM_AGE.value(),
    )
    if fault is not None:
        field, rule = fault
        texts = {
            "name_length": _("The name must have 2 to 200 characters."),
            "too_young": _("You must be at least %(age)d years old.") % {"age": MINIMUM_AGE.value()},
            "birth_date": _("This is no birth date."),
            "country": _("A country is two capital letters, like FR."),
            "number": _("The number has 4 to 40 letters and digits."),
            "document_expired": _("This document is not valid any more."),
        }
        raise DomainError(f"identity.{rule}", texts[rule], field=field)
    if details.document_kind not in IdentityCase.DocumentKind.values:
        raise DomainError("identity.kind", _("Choose a kind of document."), field="document_kind")


def _sides(details: Details, pictures: dict[str, Any]) -> list[tuple[str, Any]]:
    wanted = ["front", "selfie"]
    if details.document_kind != IdentityCase.DocumentKind.PASSPORT:
        wanted.insert(1, "back")
    for side in wanted:
        if pictures.get(side) is None:
            raise DomainError("identity.picture_missing", _("This picture is needed."), field=side)
    return [(side, pictures[side]) for side in wanted]


def _refuse_too_many(member_id: UUID) -> None:
    lock_one(Member.objects.filter(pk=member_id))
    since = timezone.now() - timedelta(days=1)
    made = IdentityCase.objects.filter(member_id=member_id, submitted_at__gte=since).count()
    if made >= SUBMISSIONS_A_DAY.value():
        raise TooManyRequestsError(
            "identity.too_many", _("You have tried often today; try again tomorrow."), retry_after=86_400
        )


def ask_provider(*, case_id: UUID) -> None:
    """Show a pending case to its provider and write down what it says; repeating it is harmless.

    Raises ProviderUnavailable, on which the task is tried again.
    """
    case = IdentityCase.objects.filter(pk=case_id, state=State.PENDING).first()
    if case is None:
        return
    verdict = get_provider(case.provider).check(_application(case))
    with transaction.atomic(durable=True):
        found = lock_one(IdentityCase.objects.filter(pk=case_id, state=State.PENDING))
        if found is None:
            return
        found.provider_reference = verdict.provider_reference
        found.save(update_fields=["provider_reference"])
        _follow(found, verdict)


def _follow(case: IdentityCase, verdict: Verdict) -> None:
    if verdict.outcome is Outcome.PENDING:
        enqueue("compliance.ask_provider", countdown=_ASK_AGAIN.total_seconds(), case_id=str(case.pk))
    elif verdict.outcome is Outcome.UNSURE:
        _move(case, State.IN_REVIEW)
    elif verdict.outcome is Outcome.REJECTED:
        _move(case, State.REJECTED, reason=verdict.reason[:REASON_LENGTH])
    else:
        _move(case, State.APPROVED)


def _application(case: IdentityCase) -> Application:
    details = open_details(case)
    return Application(
        reference=str(case.pk),
        legal_name=details.legal_name,
        birth_date=details.birth_date,
        country=details.country,
        document_kind=details.document_kind,
        document_number=details.document_number,
        document_expires_on=details.document_expires_on,
        pictures={row.side: documents.open_picture(row) for row in case.documents.all()},
    )


def open_details(case: IdentityCase) -> Details:
    """The sealed part of a case, for this module; people read it by :func:`view_details`."""
    stored = json.loads(crypto.unseal(case.details, purpose=PURPOSE, row=case.pk))
    for field in ("birth_date", "document_expires_on"):
        stored[field] = date.fromisoformat(stored[field])
    return Details(**stored)


@transaction.atomic(durable=True)
def view_details(*, actor: Actor, case_id: UUID) -> tuple[IdentityCase, Details]:
    """What a person showed, for whoever decides; that it was read is logged (F99)."""
    case = queries.get_case(actor, case_id, "compliance.view_details")
    emit(IdentityDetailsViewed(identitycase_id=case.pk, user_id=case.member.user_id, what="details"))
    return case, open_details(case)


@transaction.atomic(durable=True)
def view_document(*, actor: Actor, case_id: UUID, side: str) -> bytes:
    """One picture of a case as JPEG; that it was read is logged. Raises NotFoundError."""
    case = queries.get_case(actor, case_id, "compliance.view_details")
    row = case.documents.filter(side=side).first()
    if row is None:
        raise NotFoundError("identity.document_unknown", _("There is no such document."))
    emit(IdentityDetailsViewed(identitycase_id=case.pk, user_id=case.member.user_id, what=side))
    return documents.open_picture(row)


@transaction.atomic(durable=True)
def approve_case(*, actor: Actor, case_id: UUID) -> IdentityCase:
    """Decide that somebody is who they say.

    Raises NotFoundError, ForbiddenError (``identity.own_case``), ConflictError, StepUpRequired.
    """
    case = _to_decide(actor, case_id)
    _move(case, State.APPROVED, by=actor)
    return case


@transaction.atomic(durable=True)
def reject_case(*, actor: Actor, case_id: UUID, reason: str) -> IdentityCase:
    """Decide that somebody is not known, also after an approval. The person reads the reason."""
    reason = reason.strip()
    if not reason or len(reason) > REASON_LENGTH or not reason.isprintable():
        raise DomainError(
            "identity.reason",
            _("Say why, in one line of at most %(most)d characters: the person reads it.")
            % {"most": REASON_LENGTH},
            field="reason",
        )
    case = _to_decide(actor, case_id)
    _move(case, State.REJECTED, by=actor, reason=reason)
    return case


def _to_decide(actor: Actor, case_id: UUID) -> IdentityCase:
    require(actor, "compliance.decide_case")
    require_recent(actor)
    case = queries.get_case(actor, case_id, "compliance.decide_case", for_update=True)
    if case.member_id == actor.member_id:
        raise ForbiddenError("identity.own_case", _("Somebody else decides on your own identity."))
    return case


@transaction.atomic(durable=True)
def withdraw_case(*, actor: Actor, case_id: UUID) -> IdentityCase:
    """Take one's own open case back. Raises NotFoundError, ForbiddenError, ConflictError."""
    require(actor, "compliance.submit_case")
    case = queries.get_case(actor, case_id, "compliance.submit_case", for_update=True)
    _move(case, State.WITHDRAWN)
    return case


def expire_cases() -> int:
    """End the approvals whose last day is over; returns how many. The audit actor must be bound."""
    today = timezone.now().date()
    due = IdentityCase.objects.filter(state=State.APPROVED, valid_until__lt=today).order_by("pk")
    ended = 0
    for pk in list(due.values_list("pk", flat=True)):
        with transaction.atomic(durable=True):
            case = lock_one(IdentityCase.objects.filter(pk=pk, state=State.APPROVED))
            if case is not None and case.valid_until and rules.has_expired(case.valid_until, today):
                _move(case, State.EXPIRED)
                ended += 1
    return ended


def erase_documents() -> int:
    """Erase what people showed in cases that ended long enough ago; returns of how many cases."""
    now, retention = timezone.now(), DOCUMENT_RETENTION.value()
    ended = IdentityCase.objects.filter(
        state__in=(State.REJECTED, State.EXPIRED, State.WITHDRAWN), documents_erased_at__isnull=True
    ).order_by("pk")
    erased = 0
    for case in ended.iterator():
        if case.decided_at is None or not rules.documents_due(case.decided_at, retention, now):
            continue
        with transaction.atomic(durable=True):
            user_id = Member.objects.values_list("user_id", flat=True).get(pk=case.member_id)
            _erase(case, user_id)
        erased += 1
    return erased


def _erase(case: IdentityCase, user_id: int) -> None:
    for row in IdentityDocument.objects.filter(case=case):
        documents.erase(row)
    case.details, case.documents_erased_at = "", timezone.now()
    case.save(update_fields=["details", "documents_erased_at"])
    emit(IdentityDocumentsErased(identitycase_id=case.pk, user_id=user_id))


def erase_person(*, user_id: int, label: str, address: str) -> None:
    """Step of an account's erasure: nothing that the person showed stays here."""
    for case in IdentityCase.objects.select_for_update().filter(member__user_id=user_id).order_by("pk"):
        if case.state in rules.OPEN:
            _move(case, State.WITHDRAWN)
        elif case.state == State.APPROVED:
            _move(case, State.EXPIRED)
        if case.documents_erased_at is None:
            _erase(case, user_id)


def sections_of(user_id: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """What a member has shown here and what came of it, for "download my data"; pictures by their size."""
    cases = IdentityCase.objects.filter(member__user_id=user_id).order_by("pk")
    yield (
        "identity_cases",
        [
            {
                "state": case.state,
                "submitted_at": case.submitted_at.isoformat(),
                "valid_until": str(case.valid_until or ""),
                "reason": case.reason,
                "details": asdict(open_details(case)) if case.details else {},
                "pictures": {row.side: row.size for row in case.documents.all()},
            }
            for case in cases
        ],
    )


def _move(case: IdentityCase, state: str, *, by: Actor | None = None, reason: str = "") -> None:
    before = case.state
    if not rules.may_follow(before, state):
        raise ConflictError(
            "identity.illegal_step",
            _("A case that is %(before)s cannot become %(after)s.") % {"before": before, "after": state},
        )
    case.state, case.reason = state, reason
    if state != State.IN_REVIEW:
        case.decided_at = timezone.now()
        case.decided_by_id = by.member_id if by is not None else None
    if state == State.APPROVED:
        today = timezone.now().date()
        if case.document_expires_on <= today:
            raise DomainError("identity.document_expired", _("This document is not valid any more."))
        case.valid_until = rules.valid_until(today, APPROVAL_LIFETIME.value(), case.document_expires_on)
    case.save(update_fields=["state", "reason", "decided_at", "decided_by", "valid_until"])
    user_id = Member.objects.values_list("user_id", flat=True).get(pk=case.member_id)
    _tell(case, user_id, before, reason)


def _tell(case: IdentityCase, user_id: int, before: str, reason: str) -> None:
    emit(
        IdentityStateChanged(
            identitycase_id=case.pk, user_id=user_id, before=before, after=case.state, reason=reason
        )
    )
