"""The texts of our scripts, translated by the server (the tag `ui_texts` writes them into the page)."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

SCRIPT_TEXTS: Final[dict[str, str | Promise]] = {
    "close": _("Close"),
    "undo": _("Undo"),
    "undo_failed": _("That could not be undone. Reload the page to see how things stand."),
    "copied": _("Copied"),
    "confirm_title": _("Are you sure?"),
    "confirm_yes": _("Continue"),
    "offline": _("The server did not answer. Check your connection and try again."),
    "status_400": _("That was not accepted. Check what you entered."),
    "status_401": _("You are logged out. Log in again to go on."),
    "status_403": _("You may not do that here."),
    "status_404": _("That no longer exists."),
    "status_409": _("Somebody changed this meanwhile. Reload the page and try again."),
    "status_429": _("Too many requests. Wait a moment, then try again."),
    "status_503": _("The service is being worked on. Try again in a minute."),
    "status_other": _("Something went wrong on our side. Try again; if it stays, tell your administrator."),
    "open": pgettext_lazy("price of a candle", "Open"),
    "high": pgettext_lazy("price of a candle", "High"),
    "low": pgettext_lazy("price of a candle", "Low"),
    "buy": _("Buy"),
    "sell": _("Sell"),
    "live": _("Live"),
    "connecting": _("Connecting"),
    "stale": _("Stale"),
    "disconnected": _("Disconnected"),
}
