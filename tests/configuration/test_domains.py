"""Custom domains: only who sets the record gets the route, and a bad name server takes none away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from audit.models import AuditLog
from shared_apps.access.actors import Actor
from shared_apps.configuration import dns, queries, rules, services
from shared_apps.configuration.models import CustomDomain
from shared_apps.core.context import tenant_context
from shared_apps.core.errors import ConflictError, DomainError, NotFoundError
from shared_apps.tenants import hosts
from shared_apps.tenants.models import Domain, Tenant
from tests.configuration.dns_server import DnsServer
from tests.support.api import Api, error_of
from tests.support.pages import visitor

NAME = "club.example.com"


@pytest.fixture
def server(settings: Any) -> Iterator[DnsServer]:
    """The name server that is asked."""
    with DnsServer() as running:
        settings.DNS_SERVERS = [running.address]
        yield running


def owner_of(tenant: Tenant) -> Actor:
    return Actor.system("test.owner", tenant.schema_name)


def claimed(tenant: Tenant, name: str = NAME) -> CustomDomain:
    return services.add_domain(actor=owner_of(tenant), domain=name)


def set_record(server: DnsServer, row: CustomDomain) -> None:
    server.records.setdefault(row.record_name, ["v=spf1 -all"]).append(row.record_value)


def check(tenant: Tenant, row: CustomDomain) -> CustomDomain:
    return services.check_domain(actor=owner_of(tenant), domain_id=row.pk)


def status_of(host: str) -> int:
    from django.test import Client

    return Client(headers={"host": host}, raise_request_exception=False).get("/login/").status_code


@pytest.mark.req("F2")
def test_a_domain_leads_to_its_organisation_as_soon_as_the_record_is_there(
    acme: Tenant, server: DnsServer
) -> None:
    row = claimed(acme)
    assert status_of(NAME) == 404
    row = check(acme, row)
    assert (row.state, row.problem, status_of(NAME)) == ("pending", "no_record", 404)
    set_record(server, row)
    assert check(acme, row).state == "verified"
    assert status_of(NAME) == 200
    assert status_of("Club.Example.com.:8000") == 200
    assert status_of("other.example.com") == 404
    with tenant_context(acme):
        told = AuditLog.objects.filter(action="configuration.domain_state_changed")
        assert told.count() == 1
    services.remove_domain(actor=owner_of(acme), domain_id=row.pk)
    assert status_of(NAME) == 404
    assert not CustomDomain.objects.exists()


@pytest.mark.req("F2")
def test_a_record_proves_one_domain_for_one_organisation(
    acme: Tenant, globex: Tenant, server: DnsServer
) -> None:
    mine, theirs = claimed(acme), claimed(globex)
    assert mine.token != theirs.token
    set_record(server, mine)
    assert check(globex, theirs).state == "pending"
    server.records[theirs.record_name].append("tradehall-domain=")
    assert check(globex, theirs).state == "pending"
    assert check(acme, mine).state == "verified"
    set_record(server, theirs)  # both records stand now: the first keeps it
    theirs = check(globex, theirs)
    assert (theirs.state, theirs.problem) == ("pending", "taken")
    assert hosts.resolve(NAME).pk == acme.pk
    services.remove_domain(actor=owner_of(acme), domain_id=mine.pk)
    assert check(globex, theirs).state == "verified"
    assert hosts.resolve(NAME).pk == globex.pk


@pytest.mark.parametrize(
    "mood", ["silent", "servfail", "refused", "garbage", "cut", "echo", "forged_id", "truncated"]
)
def test_what_is_no_answer_changes_nothing(
    acme: Tenant, server: DnsServer, mood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, new = claimed(acme), claimed(acme, "new.example.com")
    set_record(server, row)
    assert check(acme, row).state == "verified"
    server.mood = mood
    monkeypatch.setattr(dns, "_TIMEOUT", 0.2)
    monkeypatch.setattr(dns, "_LIFETIME", 0.5)
    for domain, state in ((row, "verified"), (new, "pending")):
        found = check(acme, domain)
        assert (found.state, found.problem, found.missing_since) == (state, "no_answer", None)
    assert status_of(NAME) == 200


def test_a_forged_answer_before_the_true_one_is_not_believed(acme: Tenant, server: DnsServer) -> None:
    row = claimed(acme)
    set_record(server, row)
    server.mood = "forged_then_honest"
    assert check(acme, row).state == "verified"


@pytest.mark.parametrize(
    "texts",
    [
        ["{value}x"], ["x{value}"], ["{VALUE}"], [" {value}"], ["tradehall-domain="], [""], ["x" * 250] * 30,
        ["tradehall-domain={value}"],
    ],
)  # fmt: skip
def test_only_the_exact_text_proves_it(acme: Tenant, server: DnsServer, texts: list[str]) -> None:
    row = claimed(acme)
    value = row.record_value
    server.records[row.record_name] = [text.format(value=value, VALUE=value.upper()) for text in texts]
    assert check(acme, row).state == "pending"
    server.records[row.record_name].append(value)
    assert check(acme, row).state == "verified"


@pytest.mark.req("F2")
def test_a_verified_domain_whose_record_is_gone_has_a_grace(
    acme: Tenant, server: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = claimed(acme)
    set_record(server, row)
    check(acme, row)
    services.make_primary(actor=owner_of(acme), domain_id=row.pk)
    server.records.clear()
    start = timezone.now()

    def later(**time: int) -> CustomDomain:
        monkeypatch.setattr("django.utils.timezone.now", lambda: start + timedelta(**time))
        services.check_due_domains()
        return CustomDomain.objects.get(pk=row.pk)

    assert later(hours=1).missing_since is None  # not due yet
    missing = later(hours=25)
    assert (missing.state, missing.missing_since) == ("verified", start + timedelta(hours=25))
    assert status_of(NAME) == 200
    assert later(hours=60).state == "verified"
    server.mood = "servfail"
    assert later(days=30).state == "verified"
    server.mood = "honest"
    assert later(days=32).state == "failed"
    assert status_of(NAME) == 404
    assert queries.domains_of(owner_of(acme)).primary == "acme.localhost"
    set_record(server, row)
    assert check(acme, row).state == "verified"


def test_a_domain_that_is_never_proved_fails_and_is_left_alone(
    acme: Tenant, server: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = claimed(acme)
    start = timezone.now()
    monkeypatch.setattr("django.utils.timezone.now", lambda: start + timedelta(days=8))
    assert services.check_due_domains() == 1
    assert CustomDomain.objects.get(pk=row.pk).state == "failed"
    assert services.check_due_domains() == 0


def test_a_domain_removed_while_it_was_looked_up_stays_removed(
    acme: Tenant, server: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = claimed(acme)
    set_record(server, row)
    ask = dns.texts

    def slow(name: str) -> list[str]:
        services.remove_domain(actor=owner_of(acme), domain_id=row.pk)
        return ask(name)

    monkeypatch.setattr(dns, "texts", slow)
    with pytest.raises(NotFoundError):
        check(acme, row)
    assert not Domain.objects.filter(domain=NAME).exists()


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "form"), ("localhost", "form"), ("com", "form"), ("acme.localhost", "ours"), ("globex.localhost", "ours"),
        ("x.local", "special"), ("127.0.0.1", "form"), ("[::1]", "form"), ("a b.example.com", "form"),
        ("*.example.com", "form"), ("-a.example.com", "form"), ("_x.example.com", "form"), ("a..example.com", "form"),
        ("http://example.com", "form"), ("example.com/x", "form"), ("example.com:80", "form"),
        ("x" * 64 + ".example.com", "form"), (".".join(["abcdefgh"] * 40), "form"), ("a@example.com", "form"),
        ("ex\x00ample.com", "form"), ("1.2.3.444", "form"),
    ],
)  # fmt: skip
def test_what_is_no_domain_of_anybodys_is_refused(acme: Tenant, typed: str, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        claimed(acme, typed)
    assert (refused.value.code, refused.value.field) == (f"domain.{code}", "domain")
    assert not CustomDomain.objects.exists()


@given(st.text(max_size=60))
def test_a_name_is_normal_or_refused(text: str) -> None:
    try:
        name = services.domains.normal_domain(text)
    except DomainError:
        return
    assert services.domains.normal_domain(name) == name == hosts.normalise_host(name)


def test_spellings_of_one_domain_are_one(acme: Tenant) -> None:
    assert claimed(acme, " Straße.Example.COM. ").domain == "xn--strae-oqa.example.com"
    with pytest.raises(DomainError) as refused:
        claimed(acme, "xn--strae-oqa.example.com")
    assert refused.value.code == "domain.known"


def test_there_are_so_many_and_no_more(acme: Tenant) -> None:
    for number in range(5):
        claimed(acme, f"a{number}.example.com")
    with pytest.raises(DomainError) as refused:
        claimed(acme, "a5.example.com")
    assert refused.value.code == "domain.too_many"


def test_the_first_address_is_a_verified_one(acme: Tenant, globex: Tenant, server: DnsServer) -> None:
    row = claimed(acme)
    with pytest.raises(ConflictError):
        services.make_primary(actor=owner_of(acme), domain_id=row.pk)
    set_record(server, row)
    check(acme, row)
    with pytest.raises(NotFoundError):
        services.make_primary(actor=owner_of(globex), domain_id=row.pk)
    services.make_primary(actor=owner_of(acme), domain_id=row.pk)
    assert queries.domains_of(owner_of(acme)).primary == NAME
    services.make_primary(actor=owner_of(acme), domain_id=None)
    assert queries.domains_of(owner_of(acme)).primary == "acme.localhost"
    services.make_primary(actor=owner_of(acme), domain_id=row.pk)
    services.remove_domain(actor=owner_of(acme), domain_id=row.pk)
    assert queries.domains_of(owner_of(acme)).primary == "acme.localhost"
    assert Domain.objects.filter(tenant=acme, is_primary=True).count() == 1


@pytest.mark.req("F2")
def test_over_the_api(acme: Tenant, server: DnsServer) -> None:
    owner, auditor = Api("acme", "owner@acme.example.com"), Api("acme", "auditor@acme.example.com")
    row = owner.post("domains/", {"domain": NAME}).json()
    assert (row["state"], row["record_name"]) == ("pending", f"_tradehall.{NAME}")
    server.records[row["record_name"]] = [row["record_value"]]
    error_of(auditor.post(f"domains/{row['id']}/check/"), 403)
    assert owner.post(f"domains/{row['id']}/check/").json()["state"] == "verified"
    assert owner.request("PUT", "domains/primary/", {"id": row["id"]}).json()["primary"] == NAME
    assert auditor.get("domains/").json()["custom"][0]["state"] == "verified"
    stranger = Api("globex", "owner@globex.example.com")
    for call in (stranger.get, stranger.delete):
        error_of(call(f"domains/{row['id']}/"), 404)
    error_of(owner.post("domains/", {"domain": "x"}), 400)
    assert owner.delete(f"domains/{row['id']}/").status_code == 204


def test_look_ups_are_counted(acme: Tenant, server: DnsServer, settings: Any) -> None:
    settings.THROTTLE_FACTOR = 1
    settings.VALKEY_PREFIX = f"{settings.VALKEY_PREFIX}-domains-{timezone.now().timestamp()}"
    owner = Api("acme", "owner@acme.example.com")
    row = owner.post("domains/", {"domain": NAME}).json()
    codes = [owner.post(f"domains/{row['id']}/check/").status_code for _ in range(6)]
    assert codes == [200] * 5 + [429]
    assert len(server.asked) == 5


def test_on_the_page(acme: Tenant, server: DnsServer) -> None:
    client = visitor("acme", "owner")
    assert "No domain of your own yet" in client.get("/settings/domains/").content.decode()
    assert client.post("/settings/domains/", {"domain": "x"}).status_code == 400
    assert client.post("/settings/domains/", {"domain": NAME}).status_code == 302
    row = CustomDomain.objects.get()
    page = client.get("/settings/domains/").content.decode()
    assert row.record_name in page and row.record_value in page
    client.post(f"/settings/domains/{row.pk}/check/")
    set_record(server, row)
    client.post(f"/settings/domains/{row.pk}/check/")
    client.post("/settings/domains/primary/", {"id": str(row.pk)})
    assert "Use acme.localhost" in client.get("/settings/domains/").content.decode()
    assert client.post("/settings/domains/primary/", {"id": "nonsense"}).status_code == 404
    assert visitor("acme", "staff").post(f"/settings/domains/{row.pk}/remove/").status_code == 403
    client.post(f"/settings/domains/{row.pk}/remove/")
    assert not CustomDomain.objects.exists()


def test_without_any_name_server_there_is_no_answer(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DNS_SERVERS = ["127.0.0.1:1"]
    monkeypatch.setattr(dns, "_LIFETIME", 0.5)
    with pytest.raises(dns.NoAnswer):
        dns.texts("_tradehall.example.com")


@pytest.mark.parametrize(
    ("state", "age", "minutes"),
    [
        ("pending", timedelta(hours=1), 10),
        ("pending", timedelta(days=2), 60),
        ("verified", timedelta(days=2), 1440),
    ],
)
def test_how_often(state: str, age: timedelta, minutes: int) -> None:
    assert rules.check_interval(state, age) == timedelta(minutes=minutes)
