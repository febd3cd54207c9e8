"""Schemathesis against our own description: no 5xx, no status and no body that is not documented."""

from __future__ import annotations

import json

import pytest
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shared_apps.tenants.demo import PASSWORD

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
FUZZ = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


def described(urlconf: str) -> schemathesis.BaseSchema:
    document = SchemaGenerator(urlconf=urlconf).get_schema(request=None, public=True)
    # The end of the session under test would end the test.
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(document, default=str)))
    return schema.exclude(path_regex=r"/auth/(logout|login|password|sessions|registration)").exclude(
        path_regex=r"/(schema|swagger)/"
    )


tenant_api, platform_api = described("config.urls_tenant"), described("config.urls_platform")


@pytest.fixture(scope="module")
def owner(live) -> dict[str, str]:
    token = live.log_in("acme.localhost", "owner@acme.example.com", PASSWORD)
    return {"Host": "acme.localhost", "Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def superadmin(live) -> dict[str, str]:
    token = live.log_in("localhost", "superadmin@example.com", PASSWORD)
    return {"Host": "localhost", "Authorization": f"Bearer {token}"}


@tenant_api.parametrize()
@FUZZ
def test_a_tenants_api_keeps_its_word(case, live, owner):
    case.call_and_validate(base_url=f"http://127.0.0.1:{live.port}", headers=owner, checks=CHECKS)


@platform_api.parametrize()
@FUZZ
def test_the_platforms_api_keeps_its_word(case, live, superadmin):
    case.call_and_validate(base_url=f"http://127.0.0.1:{live.port}", headers=superadmin, checks=CHECKS)
