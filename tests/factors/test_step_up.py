"""Critical operations ask for a fresh proof, in API and pages; who must enrol can do nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from audit.models import AuditLog
from shared_apps.access.actors import Actor
from shared_apps.access.step_up import StepUpRequired, require_recent
from shared_apps.core import options
from shared_apps.core.context import tenant_context
from shared_apps.core.errors import ForbiddenError
from shared_apps.factors.options import ADMINISTRATORS, EVERYBODY, REQUIRED
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import ApiToken, Session, User
from tenant_apps.members.models import Member, OwnershipTransfer
from tests.factors.devices import Passkey, code_of, enrol_passkey, enrol_totp
from tests.support.pages import HTMX, visitor
from tests.users.conftest import Api

MakeApi = Callable[..., Api]
pytestmark = pytest.mark.req("F25")


def six_minutes_pass() -> None:
    Session.objects.update(verified_at=timezone.now() - timedelta(minutes=6))


def stale(answer: Any, *methods: str) -> None:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (403, "step_up_required"), answer.content
    assert body["details"] == {"methods": list(methods), "confirm": "/api/v1/auth/mfa/confirm/"}


def test_a_password_is_the_proof_of_who_has_no_factor(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    assert door.post("auth/mfa/totp/setup/").status_code == 200, "the log-in itself is a proof"
    six_minutes_pass()
    stale(door.post("auth/mfa/totp/setup/"), "password")
    wrong = door.post("auth/mfa/confirm/", {"password": "wrong"})
    assert wrong.status_code == 400 and set(wrong.json()["details"]) == {"password"}
    stale(door.post("auth/mfa/totp/setup/"), "password")
    right = door.post("auth/mfa/confirm/", {"password": door.password})
    assert right.json() == {"method": "password", "expires_in": 300}
    assert door.post("auth/mfa/totp/setup/").status_code == 200
    with tenant_context(acme):
        assert AuditLog.objects.get(action="factors.identity_confirmed").details["method"] == "password"


def test_with_a_factor_the_password_proves_nothing(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    secret, codes = enrol_totp(door)
    six_minutes_pass()
    stale(door.post("auth/mfa/recovery-codes/"), "totp", "recovery_code")
    assert door.post("auth/mfa/confirm/", {"password": door.password}).status_code == 400
    stale(door.post("auth/mfa/recovery-codes/"), "totp", "recovery_code")
    code = code_of(secret)
    assert door.post("auth/mfa/confirm/", {"code": code}).json()["method"] == "totp"
    assert door.post("auth/mfa/confirm/", {"code": code}).status_code == 400, "good once"
    assert door.post("auth/mfa/recovery-codes/").status_code == 201
    assert door.post("auth/mfa/confirm/", {"code": codes[0]}).status_code == 400, "replaced"


def test_a_passkey_confirms(acme: Tenant, api: MakeApi) -> None:
    door, passkey = api("acme", "trader"), Passkey("http://acme.localhost", "acme.localhost")
    enrol_passkey(door, passkey)
    six_minutes_pass()
    given = door.post("auth/mfa/confirm/options/").json()
    body = {"ceremony": given["ceremony"], "credential": passkey.get(given["public_key"])}
    assert door.post("auth/mfa/confirm/", body).json()["method"] == "webauthn"
    assert door.post("auth/mfa/recovery-codes/").status_code == 201


def test_anothers_passkey_does_not(acme: Tenant, api: MakeApi) -> None:
    trader, buyer = api("acme", "trader"), api("acme", "buyer")
    mine, theirs = (Passkey("http://acme.localhost", "acme.localhost") for _each in range(2))
    enrol_passkey(trader, mine)
    enrol_passkey(buyer, theirs)
    six_minutes_pass()
    given = trader.post("auth/mfa/confirm/options/").json()
    body = {"ceremony": given["ceremony"], "credential": theirs.get(given["public_key"])}
    refused = trader.post("auth/mfa/confirm/", body)
    assert refused.status_code == 400 and set(refused.json()["details"]) == {"credential"}
    given = buyer.post("auth/mfa/confirm/options/").json()
    body = {"ceremony": given["ceremony"], "credential": theirs.get(given["public_key"])}
    assert trader.post("auth/mfa/confirm/", body).status_code == 400, "buyer's ceremony"


def test_the_proof_is_the_sessions_own(acme: Tenant, api: MakeApi) -> None:
    first, second = api("acme", "trader"), api("acme", "trader")
    six_minutes_pass()
    assert first.post("auth/mfa/confirm/", {"password": first.password}).status_code == 200
    assert first.post("auth/mfa/totp/setup/").status_code == 200
    stale(second.post("auth/mfa/totp/setup/"), "password")


def test_renewing_the_token_is_no_proof(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    six_minutes_pass()
    assert door.renew().status_code == 200
    stale(door.post("auth/mfa/totp/setup/"), "password")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "auth/api-tokens/", {"name": "x", "scopes": ["todos:read"]}),
        ("delete", "auth/sessions/?keep_current=1", None),
        ("post", "auth/mfa/webauthn/options/", {}),
        ("post", "auth/mfa/recovery-codes/", {}),
        ("delete", "auth/mfa/{factor}/", None),
    ],
)
def test_critical_operations_change_nothing_without_a_proof(
    acme: Tenant, api: MakeApi, method: str, path: str, body: Any
) -> None:
    door = api("acme", "trader")
    enrol_totp(door)
    other = api("acme", "buyer")
    factor = Authenticator.objects.get(type="totp").pk
    six_minutes_pass()
    before = list(Authenticator.objects.values()), list(ApiToken.objects.values())
    answer = getattr(door, method)(path.format(factor=factor), *([] if body is None else [body]))
    stale(answer, "totp", "recovery_code")
    assert (list(Authenticator.objects.values()), list(ApiToken.objects.values())) == before
    assert Session.objects.filter(revoked_at__isnull=False).count() == 0
    assert other.get("auth/user/").status_code == 200


def test_parts_of_the_system_pass_and_tokens_never(acme: Tenant, person: Callable[[str], User]) -> None:
    require_recent(Actor.system("x"))
    actor = Actor(user_id=person("trader@acme").pk, tenant_schema=acme.schema_name, member_id=None)
    with pytest.raises(StepUpRequired):
        require_recent(actor)
    with pytest.raises(ForbiddenError) as refused:
        require_recent(actor.by_api_token(frozenset({"todos:write"})))
    assert refused.value.code == "api_token.refused"


# --- Pages -----------------------------------------------------------------------------------------


def test_a_page_leads_to_the_confirmation_and_back(acme: Tenant, password: str) -> None:
    client = visitor("acme", "trader")
    six_minutes_pass()
    sent = client.get("/security/totp/?from=menu")
    assert sent.status_code == 302
    assert sent["Location"] == "/security/confirm/?next=%2Fsecurity%2Ftotp%2F%3Ffrom%3Dmenu"
    form = client.get(sent["Location"])
    assert form.status_code == 200 and b'name="step_up_password"' in form.content
    wrong = client.post("/security/confirm/", {"step_up_next": "/security/totp/", "step_up_password": "no"})
    assert wrong.status_code == 400 and "The password is wrong" in wrong.content.decode()
    done = client.post(
        "/security/confirm/", {"step_up_next": "/security/totp/", "step_up_password": password}
    )
    assert (done.status_code, done["Location"]) == (302, "/security/totp/")
    assert client.get("/security/totp/").status_code == 200


def test_what_a_form_had_sent_is_not_lost(acme: Tenant, password: str) -> None:
    client = visitor("acme", "trader")
    six_minutes_pass()
    sent = {"name": 'Night "report" <b>', "expires_in_days": "30", "area_todos": "write", "area_bots": "read"}
    asked = client.post("/security/tokens/", sent)
    assert asked.status_code == 200 and "Confirm that it is you" in asked.content.decode()
    assert asked["Cache-Control"] == "no-store"
    assert ApiToken.objects.count() == 0
    fields = hidden_fields(asked)
    assert sent.items() <= fields.items() and fields["step_up_repeat"] == "1"
    wrong = client.post("/security/confirm/", {**fields, "step_up_password": "no"})
    assert wrong.status_code == 400
    assert sent.items() <= hidden_fields(wrong).items(), "a typing error loses nothing either"
    whole = {**hidden_fields(wrong), "step_up_password": password}
    done = client.post("/security/confirm/", whole)
    assert (done.status_code, done["Location"]) == (307, "/security/tokens/")
    made = client.post(done["Location"], whole)  # what a browser does with a 307
    assert made.status_code == 200 and "data-token" in made.content.decode()
    row = ApiToken.objects.get()
    assert (row.name, row.scopes) == ('Night "report" <b>', ["bots:read", "todos:write"])


def hidden_fields(answer: Any) -> dict[str, str]:
    """The hidden inputs of the page's own form, as a browser would send them."""
    from html.parser import HTMLParser

    found: dict[str, str] = {}

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            values = dict(attrs)
            if tag == "input" and values.get("type") == "hidden" and values.get("name"):
                found[values["name"]] = values.get("value") or ""

    Reader().feed(answer.content.decode())
    found.pop("csrfmiddlewaretoken", None)
    return found


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/x", "javascript:alert(1)"])
def test_the_way_back_never_leaves_the_host(acme: Tenant, password: str, target: str) -> None:
    client = visitor("acme", "trader")
    for repeat in ("", "1"):
        body = {"step_up_next": target, "step_up_repeat": repeat, "step_up_password": password}
        done = client.post("/security/confirm/", body)
        assert done["Location"] == "/"


def test_htmx_is_led_there_too(acme: Tenant) -> None:
    client = visitor("acme", "trader")
    six_minutes_pass()
    answer = client.post(
        "/security/recovery-codes/", headers={**HTMX, "HX-Current-URL": "http://acme.localhost/security/?a=1"}
    )
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/security/confirm/?next=%2Fsecurity%2F%3Fa%3D1"


# --- Required ---------------------------------------------------------------------------------------


@pytest.fixture
def required() -> Iterator[Callable[[str], None]]:
    """``required(EVERYBODY)`` for the rest of the test."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda who: stack.enter_context(options.values({REQUIRED: who}))


def test_who_must_enrol_can_only_enrol(acme: Tenant, api: MakeApi, required: Callable[[str], None]) -> None:
    door = api("acme", "trader")
    assert door.get("todos/").status_code == 200
    required(EVERYBODY)
    for answer in (door.get("todos/"), door.post("todos/", {"title": "x"}), door.post("auth/ws-ticket/"),
                   door.patch("auth/user/", {"bio": "x"}), door.get("trading/orders/")):  # fmt: skip
        assert answer.status_code == 403
        assert (answer.json()["code"], answer.json()["details"]) == (
            "second_factor_required", {"enrol": "/api/v1/auth/mfa/"}
        )  # fmt: skip
    assert door.get("auth/user/").status_code == 200
    assert door.get("auth/mfa/").json()["required"] is True
    enrol_totp(door)
    assert door.get("todos/").status_code == 200, "at once"
    row = door.get("auth/mfa/").json()["factors"][0]["id"]
    refused = door.delete(f"auth/mfa/{row}/")
    assert refused.status_code == 409 and refused.json()["code"] == "factor.required"
    assert Authenticator.objects.filter(type="totp").count() == 1


def test_tokens_of_who_must_enrol_are_held_back_too(
    acme: Tenant, api: MakeApi, required: Callable[[str], None]
) -> None:
    owner = api("acme", "trader")
    door = api("acme")
    door.token = owner.post("auth/api-tokens/", {"name": "x", "scopes": ["todos:read"]}).json()["token"]
    assert door.get("todos/").status_code == 200
    required(EVERYBODY)
    assert door.get("todos/").status_code == 403


@pytest.mark.parametrize(("slug", "who", "held"), [("acme", "owner", True), ("acme", "staff", True),
                                                   ("acme", "auditor", True), ("acme", "trader", False),
                                                   (None, "superadmin", True)])  # fmt: skip
def test_administrators_alone(
    acme: Tenant, api: MakeApi, required: Callable[[str], None], slug: str | None, who: str, held: bool
) -> None:
    door = api(slug, who)
    required(ADMINISTRATORS)
    path = "tenants/" if slug is None else "todos/"
    assert (door.get(path).status_code == 403) is held


def test_pages_lead_to_the_enrolment(acme: Tenant, required: Callable[[str], None]) -> None:
    client = visitor("acme", "trader")
    required(EVERYBODY)
    for path in ("/", "/todos/", "/security/tokens/"):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (302, "/security/"), path
    assert client.get("/", headers=HTMX)["HX-Redirect"] == "/security/"
    page = client.get("/security/")
    assert page.status_code == 200 and "A second factor is required here" in page.content.decode()
    assert client.get("/security/totp/").status_code == 200
    out = client.post("/logout/")
    assert out.status_code == 302


def test_the_log_in_of_a_new_client_is_possible_and_limited(
    acme: Tenant, required: Callable[[str], None]
) -> None:
    required(EVERYBODY)
    client: Client = visitor("acme", "buyer")
    assert client.get("/members/")["Location"] == "/security/"


# --- The critical operations of other apps ---------------------------------------------------------


def test_rights_ownership_and_security_settings_ask_too(acme: Tenant, api: MakeApi) -> None:
    owner = api("acme", "owner")
    with tenant_context(acme):
        buyer = Member.objects.get(email="buyer@acme.example.com")
        before = list(Member.objects.order_by("pk").values_list("pk", "capabilities"))
    six_minutes_pass()
    option = f"settings/{REQUIRED.name}/"
    for answer in (
        owner.patch(f"members/{buyer.pk}/", {"capabilities": ["trader"]}),
        owner.post("ownership-transfers/", {"member": str(buyer.pk)}),
        owner.patch(option, {"value": EVERYBODY}),
        owner.delete(option),
    ):
        stale(answer, "password")
    with tenant_context(acme):
        assert list(Member.objects.order_by("pk").values_list("pk", "capabilities")) == before
        assert not OwnershipTransfer.objects.exists()
    assert owner.get(option).json()["value"] == "nobody"
    assert owner.post("auth/mfa/confirm/", {"password": owner.password}).status_code == 200
    assert owner.patch(option, {"value": ADMINISTRATORS}).status_code == 200
    assert owner.get("todos/").status_code == 403, "the owner is the first who must enrol"
    assert api("acme", "trader").get("todos/").status_code == 200
    assert api("globex", "owner").get("todos/").status_code == 200, "each organisation for itself"


def test_a_token_of_the_owner_changes_no_rights(acme: Tenant, api: MakeApi) -> None:
    owner, door = api("acme", "owner"), api("acme")
    made = owner.post("auth/api-tokens/", {"name": "x", "scopes": ["members:write"]})
    door.token = made.json()["token"]
    with tenant_context(acme):
        buyer = Member.objects.get(email="buyer@acme.example.com")
    refused = door.patch(f"members/{buyer.pk}/", {"capabilities": ["trader"]})
    assert refused.status_code == 403 and refused.json()["code"] == "api_token.refused"
    with tenant_context(acme):
        assert Member.objects.get(pk=buyer.pk).capabilities == buyer.capabilities


def test_the_password_is_changed_with_the_second_factor_only(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    secret, _codes = enrol_totp(door)
    body = {
        "old_password": door.password,
        "new_password1": "brand-New-1234",
        "new_password2": "brand-New-1234",
    }
    six_minutes_pass()
    stale(door.post("auth/password/change/", body), "totp", "recovery_code")
    assert door.post("auth/mfa/confirm/", {"code": code_of(secret)}).status_code == 200
    assert door.post("auth/password/change/", body).status_code == 200


def test_staff_prove_themselves_before_they_open_accounts(
    acme: Tenant, api: MakeApi, person: Callable[[str], User]
) -> None:
    superadmin, user = api(None, "superadmin"), person("trader@acme")
    six_minutes_pass()
    for body in ({"password": "brand-New-1234"}, {"role": "admin"}, {"email": "new@example.com"}):
        stale(superadmin.patch(f"users/{user.pk}/", body), "password")
    assert superadmin.patch(f"users/{user.pk}/", {"bio": "x"}).status_code == 200
