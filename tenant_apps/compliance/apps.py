from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from shared_apps.tenants.demo import DemoPerson
    from shared_apps.tenants.models import Tenant


class ComplianceConfig(AppConfig):
    name = "tenant_apps.compliance"
    label = "compliance"
    verbose_name = _("Identity checks")

    def ready(self) -> None:
        from shared_apps.core.background import periodic
        from shared_apps.core.crypto import SealedColumn, register_sealed
        from shared_apps.tenants.demo import register_tenant_seed
        from shared_apps.users import hooks
        from shared_apps.users.account_area import Tab, register_tab
        from tenant_apps.members.capabilities import Prerequisite, register_prerequisite
        from tenant_apps.wallet import identity

        from . import documents, queries, services
        from .events import IdentityStateChanged
        from .providers import register_provider
        from .providers.simulator import Simulator

        register_provider(Simulator())
        identity.register(queries.is_known)
        register_sealed(SealedColumn("compliance.IdentityCase", "details", services.PURPOSE))
        register_sealed(SealedColumn("compliance.IdentityDocument", "key", documents.PURPOSE))
        register_prerequisite(
            "seller",
            Prerequisite(
                key="identity",
                label=_("A checked identity"),
                missing=queries.missing_identity,
                told_by=(IdentityStateChanged,),
            ),
        )
        register_tab(
            Tab(
                url_name="identity:own",
                label=_("Identity"),
                permission="compliance.submit_case",
                order=60,
                tenant_only=True,
            )
        )
        hooks.register_erase_hook("compliance", services.erase_person)
        hooks.register_sections("compliance", services.sections_of)
        register_tenant_seed("compliance", _seed)
        periodic("compliance.end_cases", every=timedelta(hours=1))


def _seed(tenant: Tenant, people: list[DemoPerson]) -> None:
    """The demo's sellers are known, by the simulator's word."""
    import json

    from django.db import transaction
    from django.utils import timezone

    from shared_apps.core import crypto
    from tenant_apps.members.models import Member

    from .models import IdentityCase
    from .services import PURPOSE

    today = timezone.now().date()
    known = IdentityCase.objects.values("member")
    for member in Member.objects.filter(capabilities__contains=["seller"]).exclude(pk__in=known):
        case = IdentityCase(
            member=member,
            state="approved",
            document_kind="passport",
            document_expires_on=today + timedelta(days=1825),
            provider="simulator",
            is_simulated=True,
            decided_at=timezone.now(),
            valid_until=today + timedelta(days=730),
        )
        details = {
            "legal_name": member.name,
            "birth_date": "1990-01-01",
            "country": "FR",
            "document_kind": "passport",
            "document_number": "DEMO00OK",
            "document_expires_on": str(case.document_expires_on),
        }
        case.details = crypto.seal(json.dumps(details), purpose=PURPOSE, row=case.pk)
        with transaction.atomic():
            case.save(force_insert=True)
