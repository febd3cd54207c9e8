"""The matrix in words: the page, the command, the API's description."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.test import Client

from shared_apps.access import catalogue
from shared_apps.access.catalogue import Permission, Relation, all_permissions, get_permission
from shared_apps.access.checks import check_every_route_has_its_permission
from shared_apps.access.describe import COLUMN_LABELS, HOST_COLUMNS, sentence
from shared_apps.access.personas import COLUMNS


@pytest.mark.req("F32")
@pytest.mark.parametrize(("host", "shown", "hidden"), [
    (None, "tenants.create_tenant", "members.change_capabilities"),
    ("acme", "members.change_capabilities", "tenants.create_tenant"),
])  # fmt: skip
def test_the_page_shows_the_rows_of_its_host(
    client_of: Callable[..., Client], acme: Any, host: str | None, shown: str, hidden: str
) -> None:
    answer = client_of(host).get("/docs/access/")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert f'id="{shown}"' in text
    assert hidden not in text
    columns = set(HOST_COLUMNS["tenant" if host else "platform"])
    groups = {row.app_label for row in all_permissions() if columns & set(row.cells)}
    assert text.count('scope="rowgroup"') == len(groups)


def test_every_column_has_a_label_and_belongs_to_a_host() -> None:
    assert set(COLUMN_LABELS) == set(COLUMNS)
    assert set(HOST_COLUMNS["platform"]) | set(HOST_COLUMNS["tenant"]) == set(COLUMNS)


@pytest.mark.parametrize(
    ("name", "host", "text"),
    [
        ("core.view_page", "tenant", "Open to everybody."),
        (
            "members.change_capabilities",
            "tenant",
            "Needs the permission `members.change_capabilities`: owners (all), administrators (all).",
        ),
        ("members.change_capabilities", "platform", "Nobody may do this on this host."),
    ],
)
def test_sentences(name: str, host: str, text: str) -> None:
    assert sentence(get_permission(name), host) == text


@pytest.mark.req("F32")
def test_the_command_writes_checks_and_prints(tmp_path: Path, settings: Any, monkeypatch: Any) -> None:
    settings.BASE_DIR = tmp_path
    with pytest.raises(CommandError, match=r"members\.view_member"):
        call_command("show_matrix", "--check")
    call_command("show_matrix", "--write")
    call_command("show_matrix", "--check")
    out = StringIO()
    call_command("show_matrix", stdout=out)
    assert out.getvalue().strip() == (tmp_path / "docs" / "access-matrix.md").read_text().strip()
    flipped = Permission("members.view_role", "x", {"owner": Relation.TENANT})
    monkeypatch.setitem(catalogue._rows, "members.view_role", flipped)
    with pytest.raises(CommandError) as refused:
        call_command("show_matrix", "--check")
    assert "+| `members.view_role` |  |  | tenant |" in str(refused.value)


@pytest.mark.req("F32")
def test_the_apis_description_names_the_permission(client_of: Callable[..., Client], acme: Any) -> None:
    answer = client_of("acme").get("/api/schema/")
    operation = yaml.safe_load(answer.content)["paths"]["/api/v1/members/{id}/"]["patch"]
    assert operation["x-permissions"] == {
        "permission": "members.change_capabilities",
        "cells": {"owner": "tenant", "tenant_admin": "tenant"},
    }
    assert "Needs the permission `members.change_capabilities`: owners" in operation["description"]


@pytest.mark.req("F32")
def test_the_system_check_names_the_route(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_every_route_has_its_permission() == []
    monkeypatch.delitem(catalogue._rows, "members.view_role")
    messages = check_every_route_has_its_permission()
    assert [(error.id, error.msg) for error in messages] == [
        ("access.E001", "tenant GET /api/v1/roles/: no such permission: members.view_role")
    ]
