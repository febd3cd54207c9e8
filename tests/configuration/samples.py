"""Requests of the settings' API and pages for the test of the matrix."""

from __future__ import annotations

from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.access.samples import example, sample
from tests.support.pictures import picture

_OPTION = {"params": {"name": "users.self_registration"}}

sample("tenant GET /api/v1/settings/")
sample("tenant GET /api/v1/settings/{name}/", "tenant GET /api/v1/settings/{name}/history/", **_OPTION)
sample("tenant PATCH /api/v1/settings/{name}/", body={"value": False}, **_OPTION)
sample("tenant DELETE /api/v1/settings/{name}/", **_OPTION)
sample("tenant GET /api/v1/domains/", shows=None)
sample("tenant POST /api/v1/domains/", body={"domain": "matrix.example.com"})
sample("tenant PUT /api/v1/domains/primary/", body={"id": None})
sample("tenant GET /settings/domains/")
sample("tenant POST /settings/domains/", body={"domain": "matrix.example.com"})
sample("tenant GET /settings/domains/primary/", "tenant POST /settings/domains/primary/")
_CLAIMED = {"params": {"pk": UUID(int=0), "domain_id": UUID(int=0)}, "may": frozenset({404})}
sample(
    "tenant GET /api/v1/domains/{pk}/", "tenant DELETE /api/v1/domains/{pk}/",
    "tenant POST /api/v1/domains/{pk}/check/", "tenant GET /settings/domains/{domain_id}/check/",
    "tenant POST /settings/domains/{domain_id}/check/", "tenant GET /settings/domains/{domain_id}/remove/",
    "tenant POST /settings/domains/{domain_id}/remove/", **_CLAIMED,
)  # fmt: skip
sample("tenant GET /settings/options/", "tenant GET /settings/brand/")
sample("tenant GET /settings/brand/check/", query={"accent": "#2344b5"})
sample("tenant POST /settings/brand/", body={"name": "Acme Trading Club", "accent": "#ffff00"})
sample("tenant GET /brand/{key}.css", params={"key": "2344b5"}, may=frozenset({404}))
sample("tenant GET /brand/{name}.png", params={"name": "logo-x"}, may=frozenset({404}))
sample("tenant GET /api/v1/brand/", "tenant DELETE /api/v1/brand/logo/")
sample("tenant PUT /api/v1/brand/logo/", body={"logo": ""}, may=frozenset({415}))
sample("tenant GET /settings/options/{name}/", "tenant GET /settings/options/{name}/reset/", **_OPTION)
sample("tenant POST /settings/options/{name}/", body={"value": "false"}, **_OPTION)
sample("tenant POST /settings/options/{name}/reset/", **_OPTION)
example("tenant PUT /api/v1/brand/logo/",
        body=lambda world, persona, value: {"logo": SimpleUploadedFile("logo.png", picture(), "image/png")})  # fmt: skip
example(
    "tenant PATCH /api/v1/settings/{name}/", body={"value": False, "reason": "Members come by invitation."}
)
example("tenant POST /api/v1/domains/", body={"domain": "club.example.com"})
