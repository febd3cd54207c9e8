"""Requests of the identity pages and API for the test of the matrix."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from shared_apps.core import crypto
from shared_apps.core.context import tenant_context
from tenant_apps.compliance import documents, services
from tenant_apps.compliance.models import IdentityCase
from tests.access.samples import example, prepare, sample
from tests.access.world import Persona, World
from tests.support.pictures import picture

DETAILS = {
    "legal_name": "Ann Example", "birth_date": "1990-02-03", "country": "FR", "document_kind": "passport",
    "document_number": "X12345OK", "document_expires_on": "2090-01-01",
}  # fmt: skip


@prepare
def _cases(world: World) -> None:
    for key, member in world.members():
        case = IdentityCase(
            member=member, state="in_review", document_kind="passport",
            document_expires_on=timezone.now().date() + timedelta(days=900), provider="simulator",
        )  # fmt: skip
        case.details = crypto.seal(json.dumps(DETAILS), purpose=services.PURPOSE, row=case.pk)
        case.save(force_insert=True)
        documents.keep(case, "front", b"a picture")
        world.things["identity_case", key] = case


def _own(world: World, persona: Persona) -> Any:
    return world.thing_of("identity_case", persona).pk


def _others(world: World, persona: Persona) -> Any:
    return world.thing_of("identity_case", world.bystander).pk


def _front_page(pk: Any) -> dict[str, Any]:
    return {"case_id": pk, "side": "front"}


_CASE = {"own": _own, "other": _others, "sees": "compliance.view_case"}
#: Nobody decides on themselves.
_OTHERS_CASE = {"other": _others, "sees": "compliance.view_case"}

sample("tenant GET /api/v1/identity/", "tenant GET /identity/")
sample("tenant POST /api/v1/identity/", may=frozenset({415}))
sample("tenant POST /identity/", body={"legal_name": "x"})
sample("tenant POST /api/v1/identity/withdraw/")
sample("tenant GET /api/v1/identity/cases/", shows=_others)
sample("tenant GET /api/v1/identity/cases/{pk}/", **_CASE)
sample("tenant GET /api/v1/identity/cases/{pk}/details/", **_CASE)
sample("tenant GET /api/v1/identity/cases/{pk}/document/", query={"side": "front"}, **_CASE)
sample("tenant POST /api/v1/identity/cases/{pk}/approve/", **_OTHERS_CASE)
sample("tenant POST /api/v1/identity/cases/{pk}/reject/", body={"reason": "blurred"}, **_OTHERS_CASE)
sample("tenant GET /identity/queue/", query={"state": "all"})
sample("tenant GET /identity/cases/{case_id}/", **_CASE)
sample(
    "tenant GET /identity/cases/{case_id}/documents/{side}/",
    own=lambda world, persona: _front_page(_own(world, persona)),
    other=lambda world, persona: _front_page(_others(world, persona)),
    sees="compliance.view_case",
)
sample(
    "tenant GET /identity/cases/{case_id}/withdraw/", "tenant POST /identity/cases/{case_id}/withdraw/",
    **_CASE,
)  # fmt: skip
sample("tenant GET /identity/cases/{case_id}/decide/", **_CASE)
sample("tenant POST /identity/cases/{case_id}/decide/", body={"reason": "blurred"}, **_OTHERS_CASE)


def _without_a_case(world: World, persona: Persona) -> None:
    with tenant_context(world.tenant):
        assert persona.member is not None
        IdentityCase.objects.filter(member=persona.member).update(state="rejected", reason="blurred")


def _submission(world: World, persona: Persona, value: Any) -> dict[str, Any]:
    sides = {side: SimpleUploadedFile(f"{side}.png", picture(), "image/png") for side in ("front", "selfie")}
    return {**DETAILS, **sides}


example("tenant POST /api/v1/identity/", before=_without_a_case, body=_submission)
