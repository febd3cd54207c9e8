"""Changed options: who may change them where, what counts, who changed what when."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import jwt
import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import AuditLog
from shared_apps.access.actors import Actor
from shared_apps.configuration import plans, queries, rules, services, store
from shared_apps.configuration.models import Level, OptionChange, OptionValue
from shared_apps.configuration.services import PLATFORM_PLACE, Place
from shared_apps.core import kept, options
from shared_apps.core.context import host_context, platform_context, tenant_context
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.core.limits import PAGE_SIZE
from shared_apps.core.options import Flag, Option, Scope
from shared_apps.users.options import ACCESS_TOKEN_LIFETIME, SELF_REGISTRATION
from tests.support.api import Api

STAFF = Actor.system("test.staff")


@pytest.fixture
def probes():
    """Options of each scope for a test."""
    facts = {"kind": int, "default": 1, "minimum": 1, "maximum": 9, "label": "Probe", "source": "S2-8"}
    made = {
        scope.name.lower(): options.register(
            Option(f"users.probe_{scope.name.lower()}", scope=scope, **facts)
        )
        for scope in Scope
    }
    made["flag"] = options.register(Flag("users.probe_flag", label="Probe", source="F17"))
    yield made
    for option in made.values():
        options._OPTIONS.pop(option.name)


@pytest.fixture
def owner(acme, person) -> Actor:
    return Actor(
        user_id=person("owner@acme").pk,
        tenant_schema=acme.schema_name,
        member_id=uuid4(),
        capabilities=frozenset({"owner"}),
    )


def change(option, value, place=PLATFORM_PLACE) -> None:
    services.change_option(actor=STAFF, name=option.name, value=value, place=place, reason="a test")


@pytest.mark.req("S2-8")
def test_the_narrowest_place_counts(probes, acme, globex, monkeypatch):
    monkeypatch.setattr(plans._Source, "plan_of", staticmethod({acme.schema_name: "pro"}.get))
    monkeypatch.setattr(plans._Source, "plans", staticmethod(lambda: {"pro": "Pro"}))
    probe = probes["tenant"]

    def values() -> tuple[int, ...]:
        return tuple(probe.value_for(name) for name in (acme.schema_name, globex.schema_name, "public"))

    assert values() == (1, 1, 1)
    change(probe, 2)
    assert values() == (2, 2, 2)
    change(probe, 3, Place(Level.PLAN, plan="pro"))
    assert values() == (3, 2, 2)
    change(probe, 4, Place(Level.TENANT, tenant=acme))
    assert values() == (4, 2, 2)
    services.reset_option(
        actor=STAFF, name=probe.name, place=Place(Level.TENANT, tenant=acme), reason="enough"
    )
    assert values() == (3, 2, 2)
    services.reset_option(actor=STAFF, name=probe.name, place=PLATFORM_PLACE, reason="enough")
    assert values() == (3, 1, 1)


@pytest.mark.req("S2-8")
@pytest.mark.parametrize(
    ("scope", "level", "allowed"),
    [
        ("platform", Level.PLATFORM, True),
        ("platform", Level.PLAN, False),
        ("platform", Level.TENANT, False),
        ("plan", Level.PLAN, True),
        ("plan", Level.TENANT, False),
        ("tenant", Level.TENANT, True),
    ],
)
def test_an_option_is_changed_within_its_scope_only(probes, acme, monkeypatch, scope, level, allowed):
    monkeypatch.setattr(plans._Source, "plans", staticmethod(lambda: {"pro": "Pro"}))
    place = Place(
        level, plan="pro" if level is Level.PLAN else "", tenant=acme if level is Level.TENANT else None
    )
    if allowed:
        change(probes[scope], 2, place)
        assert OptionValue.objects.count() == 1
        return
    with pytest.raises(DomainError) as refused:
        change(probes[scope], 2, place)
    assert (refused.value.code, refused.value.field) == ("option.scope", "place")
    assert not OptionValue.objects.exists() and not OptionChange.objects.exists()


def test_a_plan_must_exist_and_a_reason_be_given(db, probes):
    with pytest.raises(DomainError) as refused:
        change(probes["plan"], 2, Place(Level.PLAN, plan="gold"))
    assert refused.value.code == "option.unknown_plan"
    with pytest.raises(DomainError) as refused:
        services.change_option(
            actor=STAFF, name="users.probe_plan", value=2, place=PLATFORM_PLACE, reason=" "
        )
    assert refused.value.code == "option.reason_missing"
    with pytest.raises(NotFoundError):
        services.change_option(actor=STAFF, name="users.no", value=2, place=PLATFORM_PLACE, reason="x")
    assert not OptionValue.objects.exists()


@pytest.mark.req("S2-8")
def test_an_owner_changes_what_is_the_organisations_and_the_history_names_her(probes, acme, globex, owner):
    services.change_setting(actor=owner, name="users.probe_tenant", value=5, reason="We are many")
    services.change_setting(actor=owner, name="users.probe_tenant", value="6")
    services.reset_setting(actor=owner, name="users.probe_tenant")
    lines = queries.history_of(owner, "users.probe_tenant")
    assert [(line.before, line.after, line.reason) for line in lines] == [
        (6, None, ""),
        (5, 6, ""),
        (None, 5, "We are many"),
    ]
    assert {line.changed_by for line in lines} == {"Olivia Owner"} or lines[0].changed_by
    with tenant_context(acme):
        told = AuditLog.objects.filter(action="configuration.option_changed")
        assert told.count() == 3
    with tenant_context(globex):
        assert not AuditLog.objects.filter(action="configuration.option_changed").exists()


@pytest.mark.parametrize(
    ("name", "error", "code"),
    [
        ("users.probe_plan", NotFoundError, "option.unknown"),
        ("users.probe_platform", NotFoundError, "option.unknown"),
        ("users.probe_flag", ForbiddenError, "option.staff_only"),
        ("users.nothing", NotFoundError, "option.unknown"),
    ],
)
def test_an_owner_does_not_change_what_is_the_platforms(probes, owner, name, error, code):
    for act in (
        lambda: services.change_setting(actor=owner, name=name, value=True),
        lambda: services.reset_setting(actor=owner, name=name),
    ):
        with pytest.raises(error) as refused:
            act()
        assert refused.value.code == code
    assert not OptionValue.objects.exists()


def test_bad_values_write_nothing(probes, owner):
    for value in (0, 10, "x", True, None, 1.5, "1" * 300):
        with pytest.raises(DomainError) as refused:
            services.change_setting(actor=owner, name="users.probe_tenant", value=value)
        assert refused.value.field == "value"
    with pytest.raises(DomainError) as refused:
        services.change_setting(actor=owner, name="users.probe_tenant", value=2, reason="a\nb")
    assert refused.value.field == "reason"
    assert not OptionValue.objects.exists() and not OptionChange.objects.exists()


def test_the_same_value_again_is_no_change(probes, owner):
    for _ in range(3):
        services.change_setting(actor=owner, name="users.probe_tenant", value=2)
    assert OptionChange.objects.count() == 1


@pytest.mark.req("F17")
def test_a_flag_for_a_percentage_keeps_those_who_have_it(probes, acme):
    flag = probes["flag"]
    schemas = [f"t_{number:04d}" for number in range(2000)]

    def those() -> set[str]:
        store.forget()
        return {schema for schema in schemas if rules.is_among(percent, flag.name, schema)}

    before: set[str] = set()
    for percent in (0, 1, 25, 60, 100):
        now = those()
        assert before <= now
        assert abs(len(now) - 20 * percent) < 120
        before = now
    change(flag, "100%")
    assert flag.value_for(acme.schema_name)
    change(flag, "0%")
    assert not flag.value_for(acme.schema_name)
    change(flag, True, Place(Level.TENANT, tenant=acme))
    assert flag.value_for(acme.schema_name)
    for wrong in ("101%", "-1%", "1.5%", "%", "٣%"):
        with pytest.raises(DomainError):
            change(flag, wrong)


def test_reads_are_kept_for_a_few_seconds_and_changes_show_at_once(
    probes, acme, owner, django_assert_num_queries, monkeypatch
):
    probe = probes["tenant"]
    with host_context(acme):
        assert probe.value() == 1
        with django_assert_num_queries(0):
            assert [probe.value() for _ in range(100)] == [1] * 100
        services.change_setting(actor=owner, name=probe.name, value=3)
        assert probe.value() == 3
        clock, passed = kept.time.monotonic, kept.TTL_SECONDS
        monkeypatch.setattr(kept.time, "monotonic", lambda: clock() + passed)
        assert probe.value() == 3
        with platform_context(), transaction.atomic():  # another process
            OptionValue.objects.update(value=4)
            OptionChange.objects.create(option=probe.name, level=Level.TENANT, tenant=acme, after=4)
        assert probe.value() == 3
        passed *= 2
        assert probe.value() == 4
        with platform_context(), transaction.atomic():  # what no history tells
            OptionValue.objects.update(value=5)
        passed *= 2
        assert probe.value() == 4
        passed += store.LONGEST_SECONDS
        assert probe.value() == 5


def test_what_was_known_holds_when_the_database_does_not_answer(probes, acme, owner, monkeypatch):
    probe = probes["tenant"]
    services.change_setting(actor=owner, name=probe.name, value=3)
    assert probe.value_for(acme.schema_name) == 3

    def away():
        raise DatabaseError

    clock = kept.time.monotonic
    monkeypatch.setattr(store, "platform_context", away)
    monkeypatch.setattr(kept.time, "monotonic", lambda: clock() + 60)
    assert probe.value_for(acme.schema_name) == 3
    assert probe.value_for("t_never_read") == 1


def test_stored_values_of_an_older_release_do_not_count(probes, acme):
    rows = [("users.gone", 1), ("users.probe_tenant", 99), ("users.probe_tenant", "many")]
    for name, value in rows:
        OptionValue.objects.all().delete()
        OptionValue.objects.create(option=name, level=Level.PLATFORM, value=value)
        store.forget()
        assert probes["tenant"].value_for(acme.schema_name) == 1


def test_one_row_a_place_and_the_place_is_whole(acme):
    OptionValue.objects.create(option="a.b", level=Level.PLATFORM, value=1)
    for wrong in (
        {"level": Level.PLATFORM},
        {"level": Level.PLAN},
        {"level": Level.TENANT},
        {"level": Level.PLATFORM, "plan": "pro"},
        {"level": Level.PLAN, "plan": "pro", "tenant": acme},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            OptionValue.objects.create(option="a.b", value=2, **wrong)


def test_a_tenants_role_reads_no_option_of_others(in_acme):
    with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM public.configuration_optionvalue")
    assert refused.value.__cause__.sqlstate == "42501"


@pytest.mark.req("S3-132")
def test_the_platform_changes_the_size_of_pages(acme):
    change(PAGE_SIZE, 2)
    answer = Api("acme", "owner@acme.example.com").get("members/")
    assert len(answer.json()["results"]) == 2


@pytest.mark.req("S3-17")
def test_the_life_of_an_access_token_follows_the_option(acme):
    change(ACCESS_TOKEN_LIFETIME, 120, Place(Level.TENANT, tenant=acme))
    token = Api("acme", "owner@acme.example.com").headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert timedelta(seconds=claims["exp"] - claims["iat"]) == timedelta(minutes=2)


def test_registration_is_closed_and_opened_by_the_owner(acme, owner, client_of):
    body = {"email": "new@example.com", "password1": "long-Enough-9", "password2": "long-Enough-9"}
    services.change_setting(actor=owner, name=SELF_REGISTRATION.name, value=False)
    client = client_of("acme")
    refused = client.post("/api/v1/auth/registration/", body, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "auth.registration_closed")
    page = client.get("/register/").content.decode()
    assert "by invitation only" in page and '<form class="stack"' not in page
    services.reset_setting(actor=owner, name=SELF_REGISTRATION.name)
    assert client.post("/api/v1/auth/registration/", body, content_type="application/json").status_code == 201
