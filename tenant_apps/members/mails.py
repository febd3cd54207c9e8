"""The e-mails that let people in: in the organisation's name, first line of the template the subject."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils import translation

from shared_apps.core import letters
from shared_apps.core.context import current_schema
from shared_apps.core.letters import Letterhead
from shared_apps.tenants.models import Tenant

from . import tokens
from .models import Capability, Invitation, OwnershipTransfer


def send_invitation(invitation: Invitation, origin: str) -> None:
    """The link by which the invited person comes in; nobody else ever sees it."""
    token = tokens.find_token("invitation", invitation.pk, invitation.generation, invitation.token_hash)
    with translation.override(invitation.language):
        context = {
            "invitation": invitation,
            "link": f"{origin}/invitation/?token={token}",
            "roles": [str(Capability(name).label) for name in invitation.capabilities],
        }
        _send("invitation", invitation.email, origin, context)


def send_member_already(email: str, origin: str) -> None:
    """Somebody asked for an invitation to the address of a member."""
    _send("member_already", email, origin, {"link": f"{origin}/login/"})


def send_ownership_proposed(transfer: OwnershipTransfer, origin: str) -> None:
    """Somebody wants to hand ownership over: where to answer. The link alone decides nothing."""
    context = {"transfer": transfer, "link": f"{origin}/ownership/"}
    _send("ownership_proposed", transfer.to_member.email, origin, context)


def _send(template: str, to: str, origin: str, context: dict[str, Any]) -> None:
    name = Tenant.objects.filter(schema_name=current_schema()).values_list("name", flat=True).get()
    name = " ".join(name.split())
    text = render_to_string(f"members/mail/{template}.txt", {**context, "tenant_name": name})
    letters.send(text, to, Letterhead(name, current_schema(), origin))
