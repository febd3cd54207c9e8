"""System checks that hold the tenancy rules; those tagged ``database`` look at the real catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import models

from shared_apps.core.fields import PublicFK

#: Third-party and kernel apps that must live in the public schema alone: in both, their ids would diverge.
_PUBLIC_ONLY = {
    "contenttypes", "auth", "admin", "users", "account", "mfa", "factors", "tenants", "market_data", "access",
    "configuration", "sso",
}  # fmt: skip
_BOTH = {"core", "audit", "ledger"}
#: Budget of a tenant schema (growth: a backend that touched every table keeps the catalogue for ever).
MAX_TABLES = 110
MAX_INDEXES_PER_TABLE = 4.0


def register_checks() -> None:
    """Called in ``ready()``."""
    register(check_app_lists, Tags.models)
    register(check_foreign_keys, Tags.models)
    register(check_cycles, Tags.models)
    register(check_index_budget, Tags.models)


def _labels(names: list[str]) -> set[str]:
    return {
        config.label
        for config in apps.get_app_configs()
        if config.name in names or f"{config.__module__}.{type(config).__name__}" in names
    }


def tenant_models() -> list[type[models.Model]]:
    """All concrete models whose tables are in tenant schemas, automatic many-to-many tables too."""
    labels = _labels(settings.TENANT_APPS)
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in labels and model._meta.managed and not model._meta.proxy
    ]


def public_models() -> list[type[models.Model]]:
    """All concrete models whose tables are in the public schema."""
    labels = _labels(settings.SHARED_APPS)
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in labels and model._meta.managed and not model._meta.proxy
    ]


def check_app_lists(**_kwargs: Any) -> list[CheckMessage]:
    """Only core, audit and ledger live in both schemas; identity lives in public alone."""
    shared, tenant = _labels(settings.SHARED_APPS), _labels(settings.TENANT_APPS)
    errors: list[CheckMessage] = [
        Error(f"{label} is in SHARED_APPS and in TENANT_APPS", hint="Choose one.", id="tenants.E001")
        for label in sorted((shared & tenant) - _BOTH)
    ]
    errors += [
        Error(
            f"{label} must be in the public schema only",
            hint="Take it out of TENANT_APPS.",
            id="tenants.E002",
        )
        for label in sorted(tenant & _PUBLIC_ONLY)
    ]
    errors += [
        Error(f"{label} must be in both schemas", hint="Add it to BOTH_APPS.", id="tenants.E003")
        for label in sorted(_BOTH - (shared & tenant))
    ]
    return errors


def _relations(model: type[models.Model]) -> Iterator[Any]:  # the stubs lack db_constraint
    for field in model._meta.local_fields:
        if isinstance(field, models.ForeignKey):
            yield field


def check_foreign_keys(**_kwargs: Any) -> list[CheckMessage]:
    """No database key leads from a tenant's table into public; third-party models use PublicFK."""
    tenant_labels = _labels(settings.TENANT_APPS)
    return [
        Error(
            f"{model._meta.label}.{field.name} points into the public schema",
            hint="Point to members.Member, or use PublicFK where a third-party model must name a user.",
            id="tenants.E004",
        )
        for model in tenant_models()
        for field in _relations(model)
        if not isinstance(field, PublicFK) and field.related_model._meta.app_label not in tenant_labels
    ]


def check_cycles(**_kwargs: Any) -> list[CheckMessage]:
    """Foreign keys are checked at their statement: no cycles, but a table may name itself."""
    graph = {
        model._meta.label: {
            field.related_model._meta.label
            for field in _relations(model)
            if field.db_constraint and field.related_model is not model
        }
        for model in apps.get_models(include_auto_created=True)
    }
    done: set[str] = set()
    cycles: list[CheckMessage] = []

    def walk(label: str, path: list[str]) -> None:
        if label in path:
            cycle = " → ".join([*path[path.index(label) :], label])
            cycles.append(Error(f"foreign keys form a cycle: {cycle}", id="tenants.E005"))
            return
        if label in done:
            return
        for target in sorted(graph.get(label, ())):
            walk(target, [*path, label])
        done.add(label)

    for label in sorted(graph):
        walk(label, [])
    return cycles


def index_count(model: type[models.Model]) -> int:
    """Indexes that a model's table gets: primary key, unique, indexed columns, declared ones."""
    options = model._meta
    fields: list[Any] = list(options.local_concrete_fields)  # the stubs lack db_index
    columns = sum(bool(field.primary_key or field.unique or field.db_index) for field in fields)
    like = sum(
        bool(field.unique or field.db_index)
        for field in fields
        if field.get_internal_type() in ("CharField", "SlugField", "TextField", "EmailField", "URLField")
    )
    unique = sum(isinstance(constraint, models.UniqueConstraint) for constraint in options.constraints)
    return columns + like + unique + len(options.indexes) + len(options.unique_together)


def check_index_budget(**_kwargs: Any) -> list[CheckMessage]:
    """At most 110 tables in a tenant schema, and four indexes a table on average."""
    found = tenant_models()
    indexes = sum(index_count(model) for model in found)
    errors: list[CheckMessage] = []
    if len(found) > MAX_TABLES:
        errors.append(Error(f"{len(found)} tables a tenant; the budget is {MAX_TABLES}", id="tenants.E006"))
    if found and indexes / len(found) > MAX_INDEXES_PER_TABLE:
        errors.append(
            Error(
                f"{indexes / len(found):.2f} indexes a table on average; the budget is 4",
                hint="Drop an index that no query needs.",
                id="tenants.E007",
            )
        )
    return errors
