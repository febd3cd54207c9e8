"""Smallest units on pages."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from shared_apps.core.money import Money
from shared_apps.ui import formatting

register = template.Library()


@register.simple_tag
def units(amount: int, currency: str) -> SafeString:
    """Smallest units as an amount with its currency, in tabular figures."""
    shown = formatting.format_money(Money.of_minor(amount, currency).amount, currency)
    return format_html('<span class="figure">{}</span>', shown)
