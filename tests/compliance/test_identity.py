"""Identity: submitted under seal, decided by the provider or by staff, ended by time."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from celery import current_app
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from PIL import Image

from audit.models import AuditEntry, AuditLog
from shared_apps.access.actors import Actor
from shared_apps.core import crypto, options
from shared_apps.core.errors import (
    ConflictError,
    DomainError,
    ForbiddenError,
    NotFoundError,
    TooManyRequestsError,
)
from shared_apps.tenants.models import Tenant
from tenant_apps.compliance import documents, queries, rules, services
from tenant_apps.compliance.models import IdentityCase, IdentityDocument
from tenant_apps.compliance.options import DOCUMENT_RETENTION, SELLERS_ARE_KNOWN
from tenant_apps.compliance.services import Details
from tenant_apps.members.capabilities import missing_for
from tenant_apps.members.models import Member
from tests.support.outbox import run_pending

TODAY = timezone.now().date()


def picture(colour: str = "teal", size: tuple[int, int] = (400, 300)) -> SimpleUploadedFile:
    made = io.BytesIO()
    Image.new("RGB", size, colour).save(made, "PNG")
    return SimpleUploadedFile("x.svg", made.getvalue(), content_type="image/svg+xml")


def pictures(*sides: str) -> dict[str, Any]:
    return {side: picture() for side in sides or ("front", "selfie")}


def details(**changes: Any) -> Details:
    return Details(
        **{
            "legal_name": "Tara Trader",
            "birth_date": date(1990, 2, 3),
            "country": "FR",
            "document_kind": "passport",
            "document_number": "X12345OK",
            "document_expires_on": TODAY + timedelta(days=900),
            **changes,
        }
    )


@pytest.fixture
def actor_in(acme: Tenant) -> Callable[[str], Actor]:
    """``actor_in("trader")``: the actor that one of acme's people is."""

    def make(who: str) -> Actor:
        member = Member.objects.get(email=f"{who}@acme.example.com")
        return Actor(
            user_id=member.user_id,
            tenant_schema=acme.schema_name,
            member_id=member.pk,
            capabilities=frozenset(member.capabilities),
            method="system",
        )

    return make


@pytest.fixture
def submit(in_acme: Tenant, actor_in: Callable[[str], Actor]) -> Callable[..., IdentityCase]:
    """Submit as the trader, and let the provider speak."""

    def make(who: str = "trader", *, asked: bool = True, **changes: Any) -> IdentityCase:
        sides = (
            ("front", "selfie")
            if changes.get("document_kind", "passport") == "passport"
            else ("front", "back", "selfie")
        )
        case = services.submit_case(
            actor=actor_in(who), details=details(**changes), pictures=pictures(*sides)
        )
        if asked:
            services.ask_provider(case_id=case.pk)
        return IdentityCase.objects.get(pk=case.pk)

    return make


@pytest.fixture(autouse=True)
def _fresh_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """These actors have no session that could prove anything; over HTTP they have (test_doors)."""
    current_app.loader.import_default_modules()
    monkeypatch.setattr(services, "require_recent", lambda actor: None)


@pytest.mark.req("F36", "S1-9")
@pytest.mark.parametrize(
    ("number", "state"), [("X12345OK", "approved"), ("X12345NO", "rejected"), ("X12345ZZ", "in_review")]
)
def test_the_provider_s_word_decides_or_leaves_it_to_the_staff(
    submit: Callable[..., IdentityCase], number: str, state: str
) -> None:
    case = submit(document_number=number)
    assert (case.state, case.is_simulated, case.provider_reference) == (state, True, f"sim-{case.pk}")
    assert queries.is_known(case.member) is (state == "approved")
    assert (case.reason != "") is (state == "rejected")
    told = AuditLog.objects.filter(action="compliance.identity_state_changed").count()
    assert told == 2


@pytest.mark.req("F36")
def test_the_outbox_asks_the_provider_and_asks_again(
    submit: Callable[..., IdentityCase], in_acme: Tenant
) -> None:
    case = submit(asked=False, document_number="X12345PD")
    assert [result.state for result in run_pending(in_acme.schema_name)] == ["SUCCESS"]
    case.refresh_from_db()
    assert case.state == "pending"
    run_pending(in_acme.schema_name, now=timezone.now() + timedelta(minutes=3))
    case.refresh_from_db()
    assert case.state == "approved"
    services.ask_provider(case_id=case.pk)  # delivered twice
    case.refresh_from_db()
    assert case.state == "approved"


def test_a_provider_out_of_order_leaves_the_case_open(
    submit: Callable[..., IdentityCase], in_acme: Tenant
) -> None:
    case = submit(asked=False, document_number="X12345DN")
    (result,) = run_pending(in_acme.schema_name)
    assert result.state == "FAILURE"
    case.refresh_from_db()
    assert case.state == "pending"


@pytest.mark.req("F36", "S3-124")
def test_what_a_person_shows_is_nowhere_in_clear(
    submit: Callable[..., IdentityCase], in_acme: Tenant
) -> None:
    case = submit(legal_name="Zacharias Zebra", document_number="ZEBRA99OK")
    with connection.cursor() as cursor:
        cursor.execute("SELECT details FROM compliance_identitycase")
        stored = str(cursor.fetchall())
        cursor.execute("SELECT changes::text FROM audit_auditentry")
        logged = str(cursor.fetchall())
        cursor.execute("SELECT * FROM audit_auditlog")
        told = str(cursor.fetchall())
        cursor.execute("SELECT * FROM core_outboxmessage")
        queued = str(cursor.fetchall())
    for text in (stored, logged, told, queued):
        assert "Zebra" not in text and "ZEBRA" not in text
    keys = {row.key for row in case.documents.all()}
    assert keys and all(key not in logged for key in keys)
    for row in case.documents.all():
        with storages["default"].open(row.file) as file:
            raw = file.read()
        assert not raw.startswith(b"\xff\xd8")
        assert documents.open_picture(row).startswith(b"\xff\xd8")
    assert services.open_details(case).legal_name == "Zacharias Zebra"


def test_a_document_swapped_with_another_s_stays_closed(submit: Callable[..., IdentityCase]) -> None:
    mine, theirs = submit("trader"), submit("buyer")
    one, other = mine.documents.get(side="front"), theirs.documents.get(side="front")
    IdentityDocument.objects.filter(pk=one.pk).update(file=other.file, key=other.key)
    with pytest.raises(crypto.UnsealError):
        documents.open_picture(IdentityDocument.objects.get(pk=one.pk))
    IdentityCase.objects.filter(pk=mine.pk).update(details=theirs.details)
    with pytest.raises(crypto.UnsealError):
        services.open_details(IdentityCase.objects.get(pk=mine.pk))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"legal_name": "x"}, "legal_name"),
        ({"legal_name": "a\x00b"}, "legal_name"),
        ({"birth_date": TODAY - timedelta(days=17 * 365)}, "birth_date"),
        ({"birth_date": TODAY + timedelta(days=1)}, "birth_date"),
        ({"birth_date": date(1850, 1, 1)}, "birth_date"),
        ({"country": "France"}, "country"),
        ({"country": "fr"}, "country"),
        ({"document_number": "12"}, "document_number"),
        ({"document_number": "12-34"}, "document_number"),
        ({"document_expires_on": TODAY}, "document_expires_on"),
        ({"document_kind": "library_card"}, "document_kind"),
        ({"document_kind": "id_card"}, "back"),
    ],
)
def test_what_breaks_a_rule_writes_nothing(
    in_acme: Tenant, actor_in: Callable[[str], Actor], changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        services.submit_case(actor=actor_in("trader"), details=details(**changes), pictures=pictures())
    assert refused.value.field == field
    assert not IdentityCase.objects.filter(member__email__startswith="trader").exists()


@pytest.mark.req("S3-123")
@pytest.mark.parametrize(
    "content", [b"", b"<svg/>", b"%PDF-1.7", b"\xff\xd8" + b"\0" * 900, picture(size=(20, 900)).read()]
)
def test_what_is_no_picture_of_a_document_is_refused(
    in_acme: Tenant, actor_in: Callable[[str], Actor], content: bytes
) -> None:
    upload = SimpleUploadedFile("x.png", content, content_type="image/png")
    with pytest.raises(DomainError) as refused:
        services.submit_case(
            actor=actor_in("trader"), details=details(), pictures={"front": upload, "selfie": picture()}
        )
    assert refused.value.field == "front"


def test_one_case_stands_and_so_many_are_tried(submit: Callable[..., IdentityCase]) -> None:
    submit(document_number="X12345ZZ")
    with pytest.raises(ConflictError) as refused:
        submit()
    assert refused.value.code == "identity.standing"
    with pytest.raises(TooManyRequestsError):
        for _ in range(6):
            submit("buyer", document_number="X12345NO")
    assert IdentityCase.objects.filter(member__email__startswith="buyer").count() == 5


@pytest.mark.req("F36")
def test_staff_decide_on_others_and_every_look_is_logged(
    submit: Callable[..., IdentityCase], actor_in: Callable[[str], Actor]
) -> None:
    case, staff = submit(document_number="X12345ZZ"), actor_in("staff")
    shown, seen = services.view_details(actor=staff, case_id=case.pk)
    assert seen.document_number == "X12345ZZ" and shown.pk == case.pk
    assert services.view_document(actor=staff, case_id=case.pk, side="front").startswith(b"\xff\xd8")
    looks = AuditLog.objects.filter(action="compliance.identity_details_viewed")
    assert looks.count() == 2
    assert services.approve_case(actor=staff, case_id=case.pk).decided_by_id == staff.member_id
    assert queries.is_known(case.member)
    with pytest.raises(NotFoundError):
        services.view_document(actor=staff, case_id=case.pk, side="back")
    for who in ("trader", "auditor"):
        with pytest.raises(ForbiddenError):
            services.view_details(actor=actor_in(who), case_id=case.pk)
    with pytest.raises(NotFoundError):
        services.view_details(actor=actor_in("buyer"), case_id=case.pk)
    assert looks.count() == 2


def test_nobody_decides_on_oneself(
    submit: Callable[..., IdentityCase], actor_in: Callable[[str], Actor]
) -> None:
    case = submit("staff", document_number="X12345ZZ")
    for decide in (
        lambda who: services.approve_case(actor=actor_in(who), case_id=case.pk),
        lambda who: services.reject_case(actor=actor_in(who), case_id=case.pk, reason="x"),
    ):
        with pytest.raises(ForbiddenError) as refused:
            decide("staff")
        assert refused.value.code == "identity.own_case"
    assert services.approve_case(actor=actor_in("owner"), case_id=case.pk).state == "approved"


@pytest.mark.req("F36", "S3-120", "F30")
def test_selling_needs_an_identity_and_ends_with_it(
    submit: Callable[..., IdentityCase], in_acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    seller = Member.objects.get(email="seller@acme.example.com")
    IdentityCase.objects.filter(member=seller).delete()
    assert "identity" in {step.key for step in missing_for(seller, "seller")}
    with options.values({SELLERS_ARE_KNOWN: False}):
        assert "identity" not in {step.key for step in missing_for(seller, "seller")}
    case = submit("seller", document_expires_on=TODAY + timedelta(days=40))
    assert case.valid_until == TODAY + timedelta(days=40)
    settle(in_acme)
    seller.refresh_from_db()
    assert "seller" in seller.capabilities
    later = timezone.now() + timedelta(days=41)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert services.expire_cases() == 1
    assert services.expire_cases() == 0
    settle(in_acme)
    seller.refresh_from_db()
    assert "seller" not in seller.capabilities and "seller" in seller.waiting_capabilities
    monkeypatch.undo()
    case.refresh_from_db()
    assert case.state == "expired"


def settle(tenant: Tenant) -> None:
    """Run what the change of a state set in motion: on the platform, then in the tenant."""
    for _ in range(2):
        run_pending("public", now=timezone.now() + timedelta(minutes=5))
        run_pending(tenant.schema_name, now=timezone.now() + timedelta(minutes=5))


def test_an_approval_can_be_taken_back_and_a_case_withdrawn(
    submit: Callable[..., IdentityCase], actor_in: Callable[[str], Actor]
) -> None:
    approved = submit()
    taken = services.reject_case(actor=actor_in("owner"), case_id=approved.pk, reason="It was borrowed.")
    assert (taken.state, queries.is_known(taken.member)) == ("rejected", False)
    with pytest.raises(ConflictError):
        services.approve_case(actor=actor_in("owner"), case_id=approved.pk)
    with pytest.raises(DomainError) as refused:
        services.reject_case(actor=actor_in("owner"), case_id=approved.pk, reason=" ")
    assert refused.value.field == "reason"
    mine = submit("buyer", document_number="X12345ZZ")
    with pytest.raises(ForbiddenError):
        services.withdraw_case(actor=actor_in("owner"), case_id=mine.pk)
    assert services.withdraw_case(actor=actor_in("buyer"), case_id=mine.pk).state == "withdrawn"


@pytest.mark.req("F36")
def test_what_was_shown_is_erased_when_it_is_of_no_use(
    submit: Callable[..., IdentityCase], monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, kept = submit(document_number="X12345NO"), submit("buyer")
    names = [row.file for row in gone.documents.all()]
    assert services.erase_documents() == 0
    later = timezone.now() + DOCUMENT_RETENTION.default + timedelta(minutes=1)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert services.erase_documents() == 1
    gone.refresh_from_db()
    assert gone.details == "" and not gone.documents.exists()
    assert not any(storages["default"].exists(name) for name in names)
    assert kept.documents.count() == 2
    assert services.erase_documents() == 0


def test_keys_are_rotated_under_it(
    submit: Callable[..., IdentityCase], in_acme: Tenant, settings: Any
) -> None:
    from shared_apps.core.crypto import rotation
    from shared_apps.core.master_keys import new_key

    case = submit()
    settings.FIELD_ENCRYPTION_KEYS = [new_key(), *settings.FIELD_ENCRYPTION_KEYS]
    rotated = {report.column: report.rotated for report in rotation.rotate(schema=in_acme.schema_name)}
    assert rotated["compliance.IdentityDocument.key"] == 2
    assert rotated["compliance.IdentityCase.details"] >= 1
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]
    case = IdentityCase.objects.get(pk=case.pk)
    assert services.open_details(case).legal_name == "Tara Trader"
    assert documents.open_picture(case.documents.get(side="front")).startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    ("day", "born", "age"),
    [
        (date(2026, 2, 28), date(2008, 2, 29), 17),
        (date(2026, 3, 1), date(2008, 2, 29), 18),
        (date(2026, 5, 4), date(2008, 5, 4), 18),
        (date(2026, 5, 3), date(2008, 5, 4), 17),
    ],
)
def test_age(day: date, born: date, age: int) -> None:
    assert rules.age_on(day, born) == age


def test_every_change_of_a_case_is_captured(submit: Callable[..., IdentityCase]) -> None:
    case = submit()
    rows = AuditEntry.objects.filter(object_pk=str(case.pk))
    assert rows.count() >= 3
    assert {"***"} == {text for row in rows for text in (row.changes.get("details") or [None])[1:] if text}


@pytest.mark.req("C29")
def test_a_person_takes_it_along_and_is_forgotten(submit: Callable[..., IdentityCase]) -> None:
    approved, waiting = submit(), submit("buyer", document_number="X12345ZZ")
    ((name, (row,)),) = services.sections_of(approved.member.user_id)
    assert (name, row["details"]["legal_name"], row["state"]) == ("identity_cases", "Tara Trader", "approved")
    for case, state in ((approved, "expired"), (waiting, "withdrawn")):
        services.erase_person(user_id=case.member.user_id, label="x", address="x@example.invalid")
        case.refresh_from_db()
        assert (case.state, case.details, case.documents.count()) == (state, "", 0)
    services.erase_person(user_id=approved.member.user_id, label="x", address="x@example.invalid")
