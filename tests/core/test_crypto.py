"""The vault: a ciphertext opens in its own tenant, purpose and row only (attack table, row 23)."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from io import StringIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from config.settings import env
from shared_apps.core import crypto
from shared_apps.core.context import PLATFORM, Schema, platform_context, tenant_context
from shared_apps.core.crypto import columns, rotation
from shared_apps.core.crypto.keys import key_ring, sealing_key_id
from shared_apps.core.crypto.vault import key_id_of
from shared_apps.core.master_keys import decode_key, new_key, own_key
from shared_apps.tenants.models import Tenant
from tenant_apps.members.models import Member
from tenant_apps.todos.models import Todo
from tests import servers

A, B = Schema("t_aaaa"), Schema("t_bbbb")
PURPOSE = "probe.secret"


def sealed_in_a(text: str = "top secret") -> str:
    with tenant_context(A):
        return crypto.seal(text, purpose=PURPOSE, row=7)


def assert_closed(sealed: str, *, schema=A, purpose=PURPOSE, row=7) -> None:
    with tenant_context(schema), pytest.raises(crypto.UnsealError) as refused:
        crypto.unseal(sealed, purpose=purpose, row=row)
    assert refused.value.code == "vault.unreadable"
    assert "secret" not in str(refused.value)


@pytest.mark.req("S3-124")
@pytest.mark.parametrize("text", ["", "k", "Ключ 🔑", "x" * 100_000])
def test_what_was_sealed_opens_again(text):
    sealed = sealed_in_a(text)
    with tenant_context(A):
        assert crypto.unseal(sealed, purpose=PURPOSE, row=7) == text
        assert crypto.unseal(sealed, purpose=PURPOSE, row="7") == text
    assert len(text) < 5 or text not in sealed


def test_the_same_text_is_sealed_differently_each_time():
    assert len({sealed_in_a() for _ in range(50)}) == 50


@pytest.mark.req("S3-124")
def test_a_ciphertext_pasted_elsewhere_stays_closed():
    sealed = sealed_in_a()
    assert_closed(sealed, schema=B)
    assert_closed(sealed, schema=PLATFORM)
    assert_closed(sealed, row=8)
    assert_closed(sealed, row="77")
    assert_closed(sealed, purpose="probe.other")


@pytest.mark.req("S3-124")
def test_a_ciphertext_that_was_altered_stays_closed():
    sealed = sealed_in_a()
    for length in range(len(sealed)):
        assert_closed(sealed[:length])
    body = sealed.rindex(".") + 1
    for place in (body, body + 20, len(sealed) - 2):
        assert_closed(sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :])
    for wrong in ("", "plain", sealed + "A", sealed.replace("v1", "v2"), sealed.upper(), sealed + "\n"):
        assert_closed(wrong)


def test_a_value_without_a_row_cannot_be_sealed():
    for row in (None, ""):
        with pytest.raises(ValueError, match="row"):
            crypto.seal("x", purpose=PURPOSE, row=row)
    with pytest.raises(ValueError, match="purpose"):
        crypto.seal("x", purpose="Probe Secret", row=1)


@pytest.mark.req("S3-122")
def test_an_old_key_opens_and_a_lost_one_does_not(settings):
    sealed, (old,) = sealed_in_a(), settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = [new_key(), old]
    assert len(key_ring()) == 2
    with tenant_context(A):
        assert crypto.unseal(sealed, purpose=PURPOSE, row=7) == "top secret"
        again = crypto.seal("top secret", purpose=PURPOSE, row=7)
    assert key_id_of(again) == sealing_key_id() != key_id_of(sealed)
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]
    assert_closed(sealed)
    with tenant_context(A):
        assert crypto.unseal(again, purpose=PURPOSE, row=7) == "top secret"


def test_refusals_are_logged_without_the_value(caplog):
    assert_closed(sealed_in_a("hunter2"), row=8)
    (record,) = [record for record in caplog.records if "vault" in record.message]
    assert (record.schema, record.purpose, record.row) == (A.schema_name, PURPOSE, "8")
    assert "hunter2" not in str(vars(record))


def test_a_file_has_a_key_of_its_own_and_belongs_to_its_row():
    content = os.urandom(300_000)
    with tenant_context(A):
        sealed = crypto.seal_file(content, purpose=PURPOSE, row=7)
        other = crypto.seal_file(content, purpose=PURPOSE, row=8)
        assert crypto.unseal_file(sealed.content, sealed.key, purpose=PURPOSE, row=7) == content
        assert content[:64] not in sealed.content
        for wrong, key, row in (
            (sealed.content, sealed.key, 8),
            (sealed.content, other.key, 8),
            (other.content, sealed.key, 7),
            (sealed.content[:-1], sealed.key, 7),
            (b"", sealed.key, 7),
        ):
            with pytest.raises(crypto.UnsealError):
                crypto.unseal_file(wrong, key, purpose=PURPOSE, row=row)
    with tenant_context(B), pytest.raises(crypto.UnsealError):
        crypto.unseal_file(sealed.content, sealed.key, purpose=PURPOSE, row=7)


@pytest.fixture
def probe_columns(monkeypatch):
    """Two columns that hold sealed texts for a test: one of a tenant table, one of a public one."""
    monkeypatch.setattr(columns, "_COLUMNS", {})
    crypto.register_sealed(crypto.SealedColumn("todos.Todo", "title", "probe.title"))
    crypto.register_sealed(crypto.SealedColumn("tenants.Tenant", "description", PURPOSE, row="uuid"))


def sealed_todo(text: str) -> Todo:
    todo = Todo(member=Member.objects.order_by("id").first(), title="?")
    todo.title = crypto.seal(text, purpose="probe.title", row=todo.pk)
    todo.save()
    return todo


def rotate(*arguments: str) -> str:
    out = StringIO()
    call_command("rotate_keys", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def sealed_rows(probe_columns, acme, globex, settings):
    """Three sealed rows in acme, one in globex (suspended), one in public, then a new first key."""
    rows = []
    for tenant, count in ((acme, 3), (globex, 1)):
        with tenant_context(tenant):
            Todo.objects.all().delete()
            rows += [(tenant, sealed_todo(f"plan {number}"), f"plan {number}") for number in range(count)]
    Tenant.objects.filter(pk=globex.pk).update(is_active=False, state="suspended")
    acme.description = crypto.seal("words", purpose=PURPOSE, row=acme.uuid)
    acme.save(update_fields=["description"])
    settings.FIELD_ENCRYPTION_KEYS = [new_key(), *settings.FIELD_ENCRYPTION_KEYS]
    return rows


def assert_all_open_under(key_id: str, rows, acme) -> None:
    for tenant, todo, text in rows:
        with tenant_context(tenant):
            title = Todo.objects.get(pk=todo.pk).title
            assert key_id_of(title) == key_id
            assert crypto.unseal(title, purpose="probe.title", row=todo.pk) == text
    acme.refresh_from_db()
    with platform_context():
        assert crypto.unseal(acme.description, purpose=PURPOSE, row=acme.uuid) == "words"


@pytest.mark.req("S3-122")
def test_rotation_seals_everything_under_the_first_key(sealed_rows, acme, settings):
    with pytest.raises(CommandError, match="5 values are under older keys"):
        rotate("--check")
    old = list(key_ring())[1]
    told = rotate()
    assert "5 values sealed anew" in told
    assert f"may be removed: {old}" in told
    assert_all_open_under(sealing_key_id(), sealed_rows, acme)
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]
    assert_all_open_under(sealing_key_id(), sealed_rows, acme)
    assert "0 values sealed anew" in rotate()


@pytest.mark.req("S3-122")
def test_a_rotation_that_was_killed_goes_on(sealed_rows, acme, monkeypatch):
    reseal, calls = rotation._reseal, []

    def die(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        reseal(*arguments)

    monkeypatch.setattr(rotation, "_reseal", die)
    with pytest.raises(KeyboardInterrupt):
        rotate("--batch", "1")
    monkeypatch.undo()
    crypto.register_sealed(crypto.SealedColumn("todos.Todo", "title", "probe.title"))
    crypto.register_sealed(crypto.SealedColumn("tenants.Tenant", "description", PURPOSE, row="uuid"))
    try:
        assert "3 values sealed anew" in rotate()
    finally:
        columns._COLUMNS.pop("todos.Todo.title")
        columns._COLUMNS.pop("tenants.Tenant.description")
    assert_all_open_under(sealing_key_id(), sealed_rows, acme)


def test_rotation_names_what_it_cannot_open_and_leaves_it(sealed_rows, acme, settings):
    tenant, todo, _text = sealed_rows[0]
    with tenant_context(tenant):
        strange = Todo.objects.get(pk=sealed_rows[1][1].pk).title
        Todo.objects.filter(pk=todo.pk).update(title=strange)
    with pytest.raises(CommandError) as refused:
        rotate()
    assert f"{tenant.schema_name} todos.Todo.title row {todo.pk}" in str(refused.value)
    with tenant_context(tenant):
        assert Todo.objects.get(pk=todo.pk).title == strange
    settings.FIELD_ENCRYPTION_KEYS = [new_key()]
    with pytest.raises(CommandError, match="5 values cannot be opened"):
        rotate()


@pytest.mark.django_db
def test_a_schema_is_named_right():
    with pytest.raises(CommandError, match="no such schema: t_nowhere"):
        call_command("rotate_keys", "--schema", "t_nowhere")


@pytest.mark.parametrize(
    "text", ["", "short", base64.b64encode(b"a" * 31).decode(), "A" * 43 + "=", "ä" * 44]
)
def test_a_key_is_thirty_two_random_bytes(text, monkeypatch):
    with pytest.raises(ValueError, match="32"):
        decode_key(text)
    if text:
        monkeypatch.setenv("PROBE_KEYS", f"{new_key()},{text}")
        with pytest.raises(ImproperlyConfigured, match="PROBE_KEYS: key 2 of 2") as refused:
            env.master_keys("PROBE_KEYS")
        assert text not in str(refused.value).replace("32 bytes", "")


def test_a_new_key_is_a_key():
    assert len({new_key() for _ in range(20)}) == 20
    out = StringIO()
    call_command("rotate_keys", "--new-key", stdout=out)
    assert len(decode_key(out.getvalue())) == 32


def test_development_makes_its_key_once_and_alone_reads_it(tmp_path):
    path = tmp_path / "var" / "vault.key"
    script = f"from pathlib import Path; from shared_apps.core.master_keys import own_key; print(own_key(Path({str(path)!r})))"
    starts = [
        subprocess.Popen([sys.executable, "-c", script], cwd=servers.ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    keys = {process.communicate(timeout=120)[0].strip() for process in starts}
    assert keys == {own_key(path)}
    assert len(decode_key(keys.pop())) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


PRODUCTION = {
    "DJANGO_ENVIRONMENT": "production", "DJANGO_SECRET_KEY": "k3y" * 20, "BASE_DOMAIN": "example.com",
    "DATABASE_URL": "postgresql://a@db/a", "REDIS_URL": "redis://r:6379/2", "BROKER_URL": "amqp://r",
    "EMAIL_HOST": "mail.example.com",
}  # fmt: skip


@pytest.mark.req("S3-121")
@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("", "FIELD_ENCRYPTION_KEYS is not set"),
        ("weak", "FIELD_ENCRYPTION_KEYS: key 1 of 1 is wrong"),
        ("ZGV2ZWxvcG1lbnQtb25seS1ub3QtZm9yLXJlYWwtdXM=", "FIELD_ENCRYPTION_KEYS must be random"),
        pytest.param(new_key(), "", id="random"),  # an id of its own: every worker makes another key
    ],
)
def test_production_does_not_start_without_keys(keys, said):
    done = subprocess.run(
        [sys.executable, "-c", "import config.settings.production"],
        cwd=servers.ROOT,
        env={"PATH": os.environ["PATH"], **PRODUCTION, "FIELD_ENCRYPTION_KEYS": keys},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode == 0) == (said == ""), done.stderr
    assert said in done.stderr
