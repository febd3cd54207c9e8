"""Template tags for members."""

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from shared_apps.ui.templatetags.ui import badge
from tenant_apps.members.models import Capability

register = template.Library()


@register.simple_tag
def capability_badge(name: str) -> SafeString:
    """A capability by its translated name; one that no longer exists keeps its stored word."""
    label = Capability(name).label if name in Capability.values else name
    return badge(str(label), "accent")


@register.simple_tag
def waiting_badge(name: str) -> SafeString:
    """A capability that was decided and waits for a prerequisite."""
    return badge(_("%(role)s, waiting") % {"role": Capability(name).label}, "warn", "hourglass-split")
