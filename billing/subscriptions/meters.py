"""What tenants use, counted against their plan's limits (F15).

``count`` adds to a meter that begins anew each day, ``hold`` says how many there are now. People are told at
80 and 100 per cent of a limit, once; what has a hard limit asks ``require_room`` or ``is_full`` first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.core.context import SchemaRef, platform_context, tenant_context
from shared_apps.core.errors import ForbiddenError
from shared_apps.core.events import emit
from shared_apps.tenants.models import Tenant

from . import queries
from .events import MeterAlert
from .models import MeterCount, Subscription
from .rules.limits import DAILY, Limit, Meter, alert_level, limits_of, remaining

#: The day of meters that know no days.
ALWAYS: Final = date(2000, 1, 1)


def limits_for(tenant: SchemaRef) -> Mapping[Meter, Limit]:
    """The limits of the plan that a tenant is on; nothing where it is on none."""
    with platform_context():
        info = queries.find_info(tenant, None)
        contract = None if info is None else queries.open_contract(info)
        return {} if contract is None else limits_of_contract(contract)


def limits_of_contract(contract: Subscription) -> dict[Meter, Limit]:
    """The limits of a contract: its version's, and its seats where they are what is paid for."""
    found = limits_of(contract.version.terms)
    if contract.pricing is not None and contract.pricing.per_seat:
        found[Meter.MEMBERS] = Limit(found.get(Meter.MEMBERS, Limit()).soft, contract.seats)
    return found


def used(tenant: SchemaRef, meter: Meter, day: date | None = None) -> int:
    """How much a tenant has used of a meter on a day (today)."""
    with platform_context():
        rows = MeterCount.objects.filter(
            tenant__schema_name=tenant.schema_name, meter=meter, day=_day(meter, day)
        )
        return rows.values_list("used", flat=True).first() or 0


def count(tenant: SchemaRef, meter: str, number: int, *, at: datetime | None = None) -> int:
    """Add to a daily meter; returns what was used today. ``at`` makes it idempotent: of each minute of a day
    the first report counts, and none for a minute before it."""
    moment = (at or timezone.now()).astimezone(UTC)
    with platform_context(), transaction.atomic():
        row = _row(tenant, Meter(meter), moment.date())
        minute = -1 if at is None else moment.hour * 60 + moment.minute
        rows = MeterCount.objects.filter(pk=row.pk)
        if at is None:
            rows.update(used=F("used") + number)
        else:
            rows.filter(minute__lt=minute).update(used=F("used") + number, minute=minute)
        return _tell(tenant, Meter(meter), row)


def hold(tenant: SchemaRef, meter: str, number: int) -> None:
    """Say how many there are of something now (members, listings)."""
    with platform_context(), transaction.atomic():
        row = _row(tenant, Meter(meter), ALWAYS)
        MeterCount.objects.filter(pk=row.pk).update(used=number)
        _tell(tenant, Meter(meter), row)


def at_least(tenant: SchemaRef, meter: str, number: int, day: date) -> int:
    """Bring a day's count up to a number that was counted elsewhere; it never falls."""
    with platform_context(), transaction.atomic():
        row = _row(tenant, Meter(meter), day)
        MeterCount.objects.filter(pk=row.pk, used__lt=number).update(used=number)
        return _tell(tenant, Meter(meter), row)


def left(tenant: SchemaRef, meter: str) -> int | None:
    """What is left of a meter today; None: there is no limit."""
    limit = limits_for(tenant).get(Meter(meter))
    return None if limit is None or limit.hard is None else remaining(used(tenant, Meter(meter)), limit)


def is_full(tenant: SchemaRef, meter: str) -> bool:
    """Whether nothing is left of a meter today."""
    return left(tenant, meter) == 0


def require_room(tenant: SchemaRef, meter: str, *, there_are: int, more: int = 1) -> None:
    """Raise ForbiddenError ``quota.exceeded`` where so many more would be beyond the plan's limit."""
    limit = limits_for(tenant).get(Meter(meter))
    if limit is not None and limit.hard is not None and there_are + more > limit.hard:
        raise ForbiddenError(
            "quota.exceeded",
            _("The organisation's plan allows %(limit)d of these (%(meter)s); there are %(count)d.")
            % {"limit": limit.hard, "meter": meter, "count": there_are},
            details={"meter": str(meter), "limit": limit.hard, "remaining": max(limit.hard - there_are, 0)},
        )


def _day(meter: Meter, day: date | None) -> date:
    return (day or timezone.now().astimezone(UTC).date()) if meter in DAILY else ALWAYS


def _row(tenant: SchemaRef, meter: Meter, day: date) -> MeterCount:
    tenant_id = Tenant.objects.values_list("pk", flat=True).get(schema_name=tenant.schema_name)
    return MeterCount.objects.get_or_create(tenant_id=tenant_id, meter=meter, day=day)[0]


def _tell(tenant: SchemaRef, meter: Meter, row: MeterCount) -> int:
    """Tell of a share that was reached, once; a count that fell below it may reach it again."""
    row.refresh_from_db()
    limit = limits_for(tenant).get(meter)
    level = alert_level(row.used, limit)
    if level == row.told:
        return row.used
    changed = MeterCount.objects.filter(pk=row.pk, told=row.told).update(told=level)
    if changed and level > row.told and limit is not None and limit.told_of is not None:
        from .services.mailing import mail_owners

        mail_owners(row.tenant_id, "meter", meter=str(meter), share=level, used=row.used, limit=limit.told_of)
        with tenant_context(tenant):
            emit(MeterAlert(meter=meter, share=level, used=row.used, limit=limit.told_of))
    return row.used
