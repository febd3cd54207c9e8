"""Bots can be shared with single members, to be read."""

from django.utils.translation import gettext_lazy as _

from tenant_apps.members.sharing import Shareable

from .models import Bot
from .queries import own_bots

BOTS = Shareable(
    kind="bot",
    label=_("Bot"),
    model=Bot,
    view="bots.view_bot",
    share="bots.share_bot",
    see_shares="bots.view_share",
    own=own_bots,
    owner=lambda bot: bot.member_id,
)
