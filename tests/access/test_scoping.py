"""Lists are filtered in SQL, by a constant number of statements, at size."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from shared_apps.access import catalogue, objects
from shared_apps.access.actors import Actor, load_actor
from shared_apps.access.catalogue import Permission, Relation
from shared_apps.access.scoping import get_for, scope
from shared_apps.core.context import PUBLIC
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tenant_apps.members.models import Member

VIEW, ACT = "members.view_member", "members.change_member"


@pytest.fixture(autouse=True)
def _rows(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"trader": Relation.OWN, "owner": Relation.TENANT}
    rows = {name: Permission(name, "x", own, model="members.Member") for name in (VIEW, ACT)}
    monkeypatch.setattr(catalogue, "_rows", rows)


@pytest.fixture
def trader(in_acme: Tenant, person: Callable[[str], User]) -> Actor:
    return load_actor(person("trader@acme"), in_acme, fresh=True)


def own(actor: Actor) -> Q:
    return Q(pk=actor.member_id)


@pytest.mark.req("F31")
def test_own_rows_shared_rows_all_rows(trader: Actor, in_acme: Tenant) -> None:
    rows = Member.objects.all()
    assert [row.pk for row in scope(rows, trader, VIEW, own(trader))] == [trader.member_id]
    assert not scope(rows, trader, VIEW).exists(), "nothing said what is one's own"
    assert scope(rows, Actor.system("x", in_acme.schema_name), VIEW).count() == 7
    assert not scope(rows, Actor.anonymous(in_acme.schema_name), VIEW).exists()
    buyer = Member.objects.get(email="buyer@acme.example.com")
    with transaction.atomic():
        assert objects.grant_creator(actor=trader, obj=buyer) == [ACT, VIEW]
    assert scope(rows, trader, VIEW, own(trader)).count() == 2
    assert [(grant.permission, grant.user_id) for grant in objects.grants_on(buyer)] == [
        (ACT, trader.user_id), (VIEW, trader.user_id)
    ]  # fmt: skip
    with transaction.atomic():
        assert objects.forget_object(buyer) == 2
    assert scope(rows, trader, VIEW, own(trader)).count() == 1


@pytest.mark.req("F22")
def test_a_token_reaches_own_and_shared_rows_within_its_scopes(trader: Actor) -> None:
    buyer = Member.objects.get(email="buyer@acme.example.com")
    with transaction.atomic():
        objects.grant_creator(actor=trader, obj=buyer)
    reader, elsewhere = (trader.by_api_token(frozenset({f"{area}:read"})) for area in ("members", "todos"))
    assert scope(Member.objects.all(), reader, VIEW, own(trader)).count() == 2
    assert not scope(Member.objects.all(), elsewhere, VIEW, own(trader)).exists()
    assert not scope(Member.objects.all(), reader, ACT, own(trader)).exists()


@pytest.mark.req("C14", "S4-68")
def test_get_for_tells_404_from_403_in_one_query(trader: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalogue._rows, ACT, Permission(ACT, "x", {"owner": Relation.TENANT}))
    other = Member.objects.exclude(pk=trader.member_id)[0]
    mine = own(trader)
    with CaptureQueriesContext(connection) as captured, pytest.raises(NotFoundError):
        get_for(trader, Member.objects.all(), VIEW, ACT, other.pk, own=mine)
    assert len(captured) == 1
    with CaptureQueriesContext(connection) as captured, pytest.raises(ForbiddenError):
        get_for(trader, Member.objects.all(), VIEW, ACT, trader.member_id, own=mine)
    assert len(captured) == 1
    assert (
        get_for(trader, Member.objects.all(), VIEW, VIEW, trader.member_id, own=mine).pk == trader.member_id
    )
    for nonsense in ("not-a-uuid", None, 7):
        with pytest.raises(NotFoundError):
            get_for(trader, Member.objects.all(), VIEW, VIEW, nonsense, own=mine)


def test_get_for_can_lock(trader: Actor) -> None:
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        get_for(trader, Member.objects.all(), VIEW, VIEW, trader.member_id, own=own(trader), for_update=True)
    assert any("FOR UPDATE OF" in query["sql"] for query in captured.captured_queries)


def test_sharing_is_a_step_inside_a_tenant_for_kinds_that_are_shared(
    trader: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer = Member.objects.get(email="buyer@acme.example.com")
    monkeypatch.setitem(catalogue._rows, ACT, Permission(ACT, "x", {"owner": Relation.TENANT}))
    with transaction.atomic(), pytest.raises(DomainError) as refused:
        objects.share(actor=trader, permission=ACT, obj=buyer, recipient_user_id=1)
    assert refused.value.code == "access.not_shareable"
    assert objects.grants_on(buyer) == []


@pytest.mark.req("F31")
def test_a_hundred_thousand_rows_and_many_grants_stay_quick(trader: Actor, in_acme: Tenant) -> None:
    assert trader.user_id is not None
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO members_member (id, user_id, name, email, capabilities, waiting_capabilities, "
            "is_active, joined_at) "
            "SELECT md5(n::text)::uuid, 1000000 + n, 'Member ' || n, n || '@many.example.com', "
            "'{buyer}', '{}', true, now() FROM generate_series(1, 100000) n"
        )
        shared = Member.objects.filter(user_id__gt=1_000_000).order_by("pk")[:200]
        for row in shared:
            objects.share(actor=trader, permission=VIEW, obj=row, recipient_user_id=trader.user_id)
        cursor.execute("ANALYZE members_member")
    times = []
    for _ in range(20):
        begun = time.perf_counter()
        with CaptureQueriesContext(connection) as captured:
            page = list(scope(Member.objects.order_by("pk"), trader, VIEW, own(trader))[:20])
        times.append(time.perf_counter() - begun)
        assert len(page) == 20
        assert len(captured) == 1
    assert sorted(times)[18] < 0.150, f"95th percentile {sorted(times)[18] * 1000:.0f} ms"


def test_guardian_answers_no_outside_every_tenant(person: Callable[[str], User], db: None) -> None:
    from shared_apps.core.context import current_schema

    assert current_schema() == PUBLIC
    subscriber = person("trader@acme")
    assert subscriber.has_perm("tenants.view_tenant", Tenant.objects.first()) is False
    assert subscriber.get_all_permissions(Tenant.objects.first()) == set()


@pytest.mark.req("F31")
def test_guardian_itself_reads_our_grants(trader: Actor, person: Callable[[str], User]) -> None:
    buyer = Member.objects.get(email="buyer@acme.example.com")
    user = person("trader@acme")
    assert user.has_perm(VIEW, buyer) is False
    with transaction.atomic():
        objects.share(actor=trader, permission=VIEW, obj=buyer, recipient_user_id=user.pk)
    assert user.has_perm(VIEW, buyer) is True
    assert user.has_perm(VIEW, Member.objects.get(email="seller@acme.example.com")) is False
