"""The documentation page ``/docs/access/``: who may do what on this host."""

from __future__ import annotations

from functools import cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise

from shared_apps.core.context import PUBLIC, host_schema

from .catalogue import Permission, Relation, all_permissions
from .describe import COLUMN_LABELS, HOST_COLUMNS, RELATION_LABELS
from .pages import page
from .routes import Host, Route, all_routes

_TONES = {
    Relation.OWN: "quiet",
    Relation.TENANT: "accent",
    Relation.PLATFORM: "accent",
    Relation.ANYONE: "up",
}


@page("access.view_matrix")
def matrix(request: HttpRequest) -> HttpResponse:
    """The rows that anybody has on this host, grouped by app, and the addresses that each opens."""
    host = Host.PLATFORM if host_schema() == PUBLIC else Host.TENANT
    columns = HOST_COLUMNS[host]
    routes = _routes_by_permission(host)
    groups: dict[str, list[dict[str, object]]] = {}
    for permission in all_permissions():
        if set(columns) & set(permission.cells):
            name = permission.app_label.replace("_", " ").capitalize()
            groups.setdefault(name, []).append(_row(permission, columns, routes))
    context = {"columns": [COLUMN_LABELS[column] for column in columns], "groups": groups, "host": host}
    return render(request, "access/matrix.html", context)


@cache
def _routes_by_permission(host: Host) -> dict[str, list[Route]]:
    """The addresses that each permission opens; they do not change while the process lives."""
    found: dict[str, list[Route]] = {}
    for route in all_routes():
        if route.host is host:
            found.setdefault(route.permission, []).append(route)
    return found


def _row(
    permission: Permission, columns: tuple[str, ...], routes: dict[str, list[Route]]
) -> dict[str, object]:
    return {
        "permission": permission,
        "cells": [_cell(permission, column) for column in columns],
        "routes": routes.get(permission.name, []),
    }


def _cell(permission: Permission, column: str) -> tuple[str | Promise, str, str | Promise]:
    """Label of the column, tone and word of the cell."""
    relation = permission.cells.get(column)
    if relation is None:
        return COLUMN_LABELS[column], "", ""
    return COLUMN_LABELS[column], _TONES[relation], RELATION_LABELS[relation]
