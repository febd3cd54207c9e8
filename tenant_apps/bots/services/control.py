"""Making, starting, pausing and stopping bots, and changing what they decide by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.subscriptions import meters
from billing.subscriptions.gate import require_access
from billing.subscriptions.rules.limits import Meter
from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.access.objects import grant_creator
from shared_apps.core.context import current_tenant
from shared_apps.core.errors import ConflictError, DomainError, ForbiddenError
from shared_apps.core.events import emit
from shared_apps.market_data import queries as market_data
from shared_apps.market_data.interest import declare_interest
from shared_apps.market_data.models import Instrument
from shared_apps.market_data.rules import Interval
from tenant_apps.bots.events import BotCreated, BotStatusChanged, BotStrategyChanged
from tenant_apps.bots.models import Bot, BotEvent, StrategyVersion
from tenant_apps.bots.queries import bot_to_act_on
from tenant_apps.bots.rules import BotStatus, is_legal
from tenant_apps.bots.strategies.params import InvalidParams
from tenant_apps.bots.strategies.registry import UnknownStrategy, full_params, strategy_type
from tenant_apps.trading.rules.orders import FieldFault, parse_positive
from tenant_apps.trading.services.placing import fault_text
from tenant_apps.trading_accounts.queries import account_to_act_on
from tenant_apps.trading_accounts.rules import AccountStatus

_KINDS = {
    BotStatus.RUNNING: BotEvent.Kind.STARTED,
    BotStatus.PAUSED: BotEvent.Kind.PAUSED,
    BotStatus.STOPPED: BotEvent.Kind.STOPPED,
    BotStatus.ERROR: BotEvent.Kind.FAILED,
}


@transaction.atomic(durable=True)
def create_bot(
    *,
    actor: Actor,
    name: str,
    trading_account_id: Any,
    symbol: object,
    interval: str,
    strategy: str,
    params: Mapping[str, object],
) -> Bot:
    """Make a bot for one of the actor's accounts. It does nothing before it is started.

    Raises DomainError on the field that breaks a rule, ConflictError("bot.name_taken").
    """
    require(actor, "bots.create_bot")
    account = account_to_act_on(actor, "trading.place_order", trading_account_id)
    instrument = market_data.tradable_instrument(symbol)
    _check_name(name)
    _check_interval(instrument, interval)
    version = get_strategy_version(strategy=strategy, params=params, instrument=instrument)
    try:
        with transaction.atomic():
            bot = Bot.objects.create(
                member_id=account.member_id,
                trading_account=account,
                strategy_version=version,
                name=name.strip(),
                symbol=instrument.symbol,
                interval=interval,
            )
    except IntegrityError as error:
        raise ConflictError(
            "bot.name_taken", _("You already have a bot with this name."), field="name"
        ) from error
    grant_creator(actor=actor, obj=bot)
    write_event(bot, BotEvent.Kind.CREATED, actor_member_id=actor.member_id)
    emit(BotCreated(bot_id=bot.pk, member_id=bot.member_id, strategy=version.strategy, symbol=bot.symbol))
    return bot


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > 100 or "\0" in name:
        raise DomainError("bot.name_invalid", _("Give a name of 1 to 100 characters."), field="name")


def _check_interval(instrument: Instrument, interval: str) -> None:
    available = market_data.available_intervals(instrument)
    if interval not in available:
        raise DomainError(
            "bot.interval_without_candles",
            _("There are no candles of this interval; there are: %(intervals)s.")
            % {"intervals": ", ".join(available) or "–"},
            field="interval",
        )


def get_strategy_version(
    *, strategy: str, params: Mapping[str, object], instrument: Instrument
) -> StrategyVersion:
    """Step: return the version with these parameters, made if it is new. Raises DomainError on the field."""
    try:
        kind = strategy_type(strategy)
        values = full_params(strategy, params)
    except UnknownStrategy as error:
        raise DomainError(
            "bot.strategy_unknown", _("There is no such strategy."), field="strategy"
        ) from error
    except InvalidParams as error:
        details = {f"params.{name}": [_(text) for text in texts] for name, texts in error.errors.items()}
        raise DomainError(
            "bot.params_invalid", next(iter(details.values()))[0], field="params", details=details
        ) from error
    if "quantity" in values:
        _check_quantity(values["quantity"], instrument)
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"))
    version, _is_new = StrategyVersion.objects.get_or_create(
        strategy=strategy,
        code_version=kind.version,
        params_hash=hashlib.sha256(canonical.encode()).hexdigest(),
        defaults={"params": values},
    )
    return version


def _check_quantity(quantity: object, instrument: Instrument) -> None:
    faults: list[FieldFault] = []
    parse_positive("params.quantity", quantity, faults, step=instrument.lot_step.normalize())
    if faults:
        raise DomainError("bot.params_invalid", fault_text(faults[0]), field="params.quantity")


@transaction.atomic(durable=True)
def start_bot(*, actor: Actor, bot_id: Any) -> Bot:
    """Let a bot decide, from the last closed candle on. Raises ConflictError when it cannot start, and
    ForbiddenError "subscription.required" or, when the day's minutes are used up, "quota.exceeded"."""
    bot = bot_to_act_on(actor, "bots.control_bot", bot_id, for_update=True)
    require_access(actor, "bots")
    _require_minutes()
    if bot.trading_account.status != AccountStatus.CONNECTED:
        raise ConflictError(
            "bot.account_not_connected", _("Connect the trading account first."), field="trading_account"
        )
    if bot.status != BotStatus.PAUSED:
        # What closed while it stood is history: it begins with the next candle.
        bot.last_bar_opened_at = _last_opened_at(bot)
        bot.save(update_fields=["last_bar_opened_at"])
    change_status(bot, BotStatus.RUNNING, actor_member_id=actor.member_id)
    declare_interest(bot.symbol)
    return bot


def _require_minutes() -> None:
    """Raise ForbiddenError ``quota.exceeded`` when the organisation's bots have run long enough today."""
    tenant = current_tenant()
    if tenant is not None and meters.is_full(tenant, Meter.BOT_MINUTES):
        raise ForbiddenError(
            "quota.exceeded",
            _("Today's bot minutes of the organisation's plan are used up."),
            details={"meter": str(Meter.BOT_MINUTES), "remaining": 0},
        )


def _last_opened_at(bot: Bot) -> datetime | None:
    instrument = market_data.tradable_instrument(bot.symbol)
    bar = market_data.last_bar(instrument, Interval(bot.interval))
    return None if bar is None else bar.opened_at


@transaction.atomic(durable=True)
def pause_bot(*, actor: Actor, bot_id: Any, reason: str = "") -> Bot:
    """Let a bot enter no more positions; it still watches and may leave one. Raises ConflictError."""
    bot = bot_to_act_on(actor, "bots.control_bot", bot_id, for_update=True)
    change_status(bot, BotStatus.PAUSED, reason=reason, actor_member_id=actor.member_id)
    return bot


@transaction.atomic(durable=True)
def stop_bot(*, actor: Actor, bot_id: Any, reason: str = "") -> Bot:
    """Stop a bot; what it holds stays. Raises ConflictError."""
    bot = bot_to_act_on(actor, "bots.control_bot", bot_id, for_update=True)
    change_status(bot, BotStatus.STOPPED, reason=reason, actor_member_id=actor.member_id)
    return bot


@transaction.atomic(durable=True)
def switch_strategy(*, actor: Actor, bot_id: Any, strategy: str, params: Mapping[str, object]) -> Bot:
    """Have a bot decide by another strategy or other parameters, from its next candle on.

    Its positions stay, its state begins anew. Raises DomainError on the field that breaks a rule.
    """
    bot = bot_to_act_on(actor, "bots.change_bot", bot_id, for_update=True)
    instrument = market_data.tradable_instrument(bot.symbol)
    version = get_strategy_version(strategy=strategy, params=params, instrument=instrument)
    if version.pk == bot.strategy_version_id:
        return bot
    old_id = bot.strategy_version_id
    bot.strategy_version, bot.state = version, {}
    bot.save(update_fields=["strategy_version", "state"])
    write_event(
        bot,
        BotEvent.Kind.STRATEGY_CHANGED,
        actor_member_id=actor.member_id,
        details={"old_version": str(old_id), "new_version": str(version.pk)},
    )
    emit(BotStrategyChanged(bot_id=bot.pk, old_version_id=old_id, new_version_id=version.pk))
    return bot


def change_status(bot: Bot, new: BotStatus, *, reason: str = "", actor_member_id: UUID | None = None) -> None:
    """Step: move a locked bot to a new status, with its event. Raises
    ConflictError("bot.illegal_transition")."""
    old = BotStatus(bot.status)
    if not is_legal(old, new):
        raise ConflictError(
            "bot.illegal_transition",
            _("A bot that is %(old)s cannot become %(new)s.") % {"old": old, "new": new},
        )
    bot.status, bot.status_reason = new, reason[:200]
    bot.save(update_fields=["status", "status_reason"])
    write_event(bot, _KINDS[new], reason=reason, actor_member_id=actor_member_id)
    emit(BotStatusChanged(bot_id=bot.pk, member_id=bot.member_id, old=old, new=new, reason=reason))


def write_event(
    bot: Bot,
    kind: BotEvent.Kind,
    *,
    reason: str = "",
    actor_member_id: UUID | None = None,
    details: dict[str, str] | None = None,
) -> None:
    """Step: add to a bot's journal."""
    BotEvent.objects.create(
        bot=bot,
        kind=kind,
        reason=reason[:200],
        actor_member_id=actor_member_id,
        details=details or {},
        created_at=timezone.now(),
    )
