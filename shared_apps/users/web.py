"""Browser sessions: what the pages call to log somebody in and out.

The cookie carries a random key into the cache of the host's tenant; who it stands for, and whether it may
still be used, says the users.Session row. Ending the row ends the browser session here at once, in other
processes within 30 seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from shared_apps.access.step_up import require_recent
from shared_apps.core import throttling
from shared_apps.core.context import platform_context
from shared_apps.core.errors import ForbiddenError, TooManyRequestsError

from . import principals, queries, second_step
from .authentication import set_principal
from .hosts import HostTenant, client_of, host_tenant
from .models import Session, User
from .principals import SESSION_ROW_KEY
from .second_step import Proof
from .services import login, sessions

#: Where the browser keeps the challenge between the two steps of a log-in.
CHALLENGE_KEY: Final = "login_challenge"
#: Set in a browser session that rests on the word of an organisation's identity provider.
_VOUCHED_KEY: Final = "vouched"
#: Password of every demo persona (api.md); accepted nowhere but in development.
DEMO_PASSWORD: Final = "demo-Passw0rd!"  # noqa: S105 - published on purpose


def log_in(request: HttpRequest, *, identifier: str, password: str) -> User:
    """The log-in form: check the password, within the rate, and start a browser session.

    Raises DomainError("auth.invalid_credentials") naming the field, TooManyRequestsError with the seconds.
    """
    require_attempt_left(identifier)
    user = login.check_credentials(request=request, identifier=identifier.strip(), password=password)
    start_or_challenge(request, user)
    return user


def start_or_challenge(request: HttpRequest, user: User, *, proof: Proof = Proof.PASSWORD) -> None:
    """Start the session of somebody whose password was right, or whom an identity provider vouched for
    (``proof``); raises SecondStepDue where a factor is due."""
    step = second_step.registered()
    with platform_context():
        challenge = second_step.challenge_for(user.pk, host_tenant(request))
    if step is None or challenge is None:
        start_browser_session(request, user, proof=proof)
        return
    request.session.cycle_key()
    request.session[CHALLENGE_KEY] = challenge.token
    raise second_step.SecondStepDue(step.page)


def require_attempt_left(name: str) -> None:
    """Count an attempt with a name or e-mail; raises TooManyRequestsError where there were too many."""
    seconds = throttling.attempt(name)
    if seconds is None:
        return
    minutes = -(-seconds // 60)
    text = ngettext(
        "Too many attempts. Try again in %(minutes)s minute.",
        "Too many attempts. Try again in %(minutes)s minutes.",
        minutes,
    )
    raise TooManyRequestsError("throttled", text % {"minutes": minutes}, retry_after=seconds)


def start_browser_session(request: HttpRequest, user: User, *, proof: Proof = Proof.PASSWORD) -> Session:
    """Make the request's browser that of ``user``, whose identity the caller has checked by ``proof``.

    Raises ForbiddenError where a second factor is due and the proof is a password alone.
    The session gets a new key and the CSRF token a new secret, so what was planted before is worth nothing;
    a session of somebody else in the same browser is ended.
    """
    if request.actor.session_id is not None:  # type: ignore[attr-defined]
        end_browser_session(request)
    tenant = host_tenant(request)
    row = login.open_browser_session(
        user=user,
        client=client_of(request),
        tenant=tenant,
        seconds=settings.SESSION_COOKIE_AGE,
        proof=proof,
    )
    auth.login(request, user, backend="shared_apps.users.backends.MemberBackend")
    request.session[SESSION_ROW_KEY] = str(row.pk)
    if proof is Proof.VOUCHED:
        request.session[_VOUCHED_KEY] = True
    else:
        request.session.pop(_VOUCHED_KEY, None)
    set_principal(request, principals.from_browser(request, tenant, fresh=True))
    return row


def require_own_proof(request: HttpRequest) -> None:
    """Go on only if the person of this browser session has shown something of their own.

    Whoever runs an organisation's identity provider can log in as each of its members: that opens their own
    house and no other. Raises StepUpRequired. A request with a token has no browser session and passes.
    """
    session = getattr(request, "session", None)
    if session is not None and session.get(_VOUCHED_KEY):
        require_recent(request.actor)  # type: ignore[attr-defined]


def keep_browser_session(request: HttpRequest) -> None:
    """Give the browser a new key after its person changed the password; its row goes on."""
    request.session.cycle_key()


def end_browser_session(request: HttpRequest) -> None:
    """Log the request's browser out: the row ends, the cookie's key is forgotten."""
    actor = request.actor  # type: ignore[attr-defined]
    sessions.log_out(actor=actor, tenant=host_tenant(request))
    auth.logout(request)
    set_principal(request, None)


@dataclass(frozen=True, slots=True)
class DemoPersona:
    """A person of the demo, for the buttons of the log-in page."""

    email: str
    label: str


_PLATFORM_PERSONAS: Final = {
    "superadmin@example.com": gettext_lazy("Superadmin"),
    "admin@example.com": gettext_lazy("Administrator of the platform"),
    "auditor@example.com": gettext_lazy("Auditor of the platform"),
}
_TENANT_PERSONAS: Final = {
    "owner": gettext_lazy("Owner"),
    "staff": gettext_lazy("Administrator"),
    "verifier": gettext_lazy("Verifier"),
    "seller": gettext_lazy("Seller"),
    "buyer": pgettext_lazy("who buys", "Buyer"),
    "trader": gettext_lazy("Trader"),
    "auditor": gettext_lazy("Auditor"),
}


def demo_personas(tenant: HostTenant | None) -> list[DemoPersona]:
    """The demo's people who exist on this host, in development only; elsewhere an empty list."""
    if settings.ENVIRONMENT != "development":
        return []
    labels = (
        dict(_PLATFORM_PERSONAS)
        if tenant is None
        else {f"{name}@{tenant.slug}.example.com": label for name, label in _TENANT_PERSONAS.items()}
    )
    with platform_context():
        there = set(queries.emails_of_active(labels, None if tenant is None else tenant.pk))
    return [DemoPersona(email, str(label)) for email, label in labels.items() if email in there]


def log_in_as_persona(request: HttpRequest, email: str) -> User:
    """One click instead of the demo's password. Raises ForbiddenError outside development."""
    if email not in {persona.email for persona in demo_personas(host_tenant(request))}:
        raise ForbiddenError("auth.no_such_persona", _("There is no such demo persona here."))
    user = login.check_credentials(request=request, identifier=email, password=DEMO_PASSWORD)
    start_or_challenge(request, user)
    return user
