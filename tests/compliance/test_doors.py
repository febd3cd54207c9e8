"""Identity over the API and on the pages."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from shared_apps.tenants.models import Tenant
from tenant_apps.compliance import services
from tenant_apps.compliance.models import IdentityCase
from tests.support.api import Api, error_of
from tests.support.pages import visitor

FORM = {
    "legal_name": "Tara <b>Trader</b>", "birth_date": "1990-02-03", "country": "FR", "document_kind": "passport",
    "document_number": "X12345ZZ", "document_expires_on": str(timezone.now().date() + timedelta(days=900)),
}  # fmt: skip


def upload(name: str = "x.png") -> SimpleUploadedFile:
    made = io.BytesIO()
    Image.new("RGB", (400, 300), "teal").save(made, "PNG")
    return SimpleUploadedFile(name, made.getvalue(), content_type="image/png")


def send(api: Api, **changes: object) -> object:
    fields = {**FORM, "front": upload(), "selfie": upload(), **changes}
    return api.client.post("/api/v1/identity/", fields, headers=api.headers)


@pytest.mark.req("F36", "S3-73", "S3-120")
def test_over_the_api(in_acme: Tenant) -> None:
    trader, staff = (Api("acme", f"{who}@acme.example.com") for who in ("trader", "staff"))
    assert trader.get("identity/").json() == {"is_known": False, "minimum_age": 18, "case": None}
    answer = send(trader)
    assert answer.status_code == 201, answer.content
    case = answer.json()["case"]
    assert (case["state"], case["is_simulated"]) == ("pending", True)
    assert "legal_name" not in case and "details" not in case
    error_of(send(trader), 409)
    services.ask_provider(case_id=case["id"])
    (queued,) = staff.get("identity/cases/?state=in_review").json()["results"]
    assert queued["id"] == case["id"]
    path = f"identity/cases/{case['id']}/"
    assert staff.get(f"{path}details/").json()["document_number"] == "X12345ZZ"
    shown = staff.client.get(f"/api/v1/{path}document/?side=front", headers=staff.headers)
    assert (shown["Content-Type"], shown["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert "no-store" in shown["Cache-Control"]
    for who, status in (("trader", 403), ("auditor", 403), ("buyer", 404)):
        other = Api("acme", f"{who}@acme.example.com")
        for act in (
            other.get(f"{path}details/"),
            other.get(f"{path}document/?side=front"),
            other.post(f"{path}approve/"),
        ):
            error_of(act, status)
    error_of(staff.post(f"{path}reject/", {"reason": ""}), 400)
    assert staff.post(f"{path}approve/").json()["state"] == "approved"
    assert trader.get("identity/").json()["is_known"] is True
    error_of(trader.post("identity/withdraw/"), 404)
    error_of(Api("globex", "owner@globex.example.com").get(path), 404)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"birth_date": "2020-01-01"}, "birth_date"),
        ({"birth_date": "soon"}, "birth_date"),
        ({"front": ""}, "front"),
        ({"document_kind": "id_card"}, "back"),
        ({"front": SimpleUploadedFile("x.png", b"<svg/>")}, "front"),
        ({"country": "F1"}, "country"),
    ],
)
def test_what_breaks_a_rule_is_named(in_acme: Tenant, changes: dict[str, object], field: str) -> None:
    trader = Api("acme", "trader@acme.example.com")
    answer = send(trader, **changes)
    assert answer.status_code == 400
    assert field in answer.json()["details"]
    assert not IdentityCase.objects.filter(member__email__startswith="trader").exists()


@pytest.mark.req("F36")
def test_on_the_pages(in_acme: Tenant) -> None:
    trader, staff = visitor("acme", "trader"), visitor("acme", "staff")
    assert "The check is simulated here" in trader.get("/identity/").content.decode()
    refused = trader.post("/identity/", {**FORM, "front": upload()})
    assert refused.status_code == 400 and list(refused.context["form"].errors) == ["selfie"]
    assert trader.post("/identity/", {**FORM, "front": upload(), "selfie": upload()}).status_code == 302
    case = IdentityCase.objects.get(member__email__startswith="trader")
    page = trader.get("/identity/").content.decode()
    assert "Simulated" in page and '<form class="stack"' not in page
    services.ask_provider(case_id=case.pk)
    assert case.member.name in staff.get("/identity/queue/").content.decode()
    shown = staff.get(f"/identity/cases/{case.pk}/").content.decode()
    assert "Tara &lt;b&gt;Trader" in shown and "<b>Trader" not in shown
    assert staff.get(f"/identity/cases/{case.pk}/documents/front/")["Content-Type"] == "image/jpeg"
    assert staff.get(f"/identity/cases/{case.pk}/documents/back/").status_code == 404
    assert visitor("acme", "auditor").get(f"/identity/cases/{case.pk}/").status_code == 403
    assert trader.post(f"/identity/cases/{case.pk}/decide/", {"approve": "1"}).status_code == 403
    assert staff.post(f"/identity/cases/{case.pk}/decide/", {"reason": ""}).status_code == 400
    assert staff.post(f"/identity/cases/{case.pk}/decide/", {"reason": "Blurred."}).status_code == 302
    assert "Blurred." in trader.get("/identity/").content.decode()


def test_one_s_own_case_is_withdrawn(in_acme: Tenant) -> None:
    trader = visitor("acme", "trader")
    trader.post("/identity/", {**FORM, "front": upload(), "selfie": upload()})
    case = IdentityCase.objects.get(member__email__startswith="trader")
    assert visitor("acme", "buyer").post(f"/identity/cases/{case.pk}/withdraw/").status_code == 404
    assert trader.post(f"/identity/cases/{case.pk}/withdraw/").status_code == 302
    case.refresh_from_db()
    assert case.state == "withdrawn"
