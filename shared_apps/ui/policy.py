"""The content security policy: strict for every page, wider for the platform's admin alone.

Nothing of ours is inline: scripts and styles are files of our own host, Alpine runs in its CSP build, htmx
without eval. The superadmin's admin (django-unfold) ships inline scripts and an Alpine that evaluates, so its
path gets its own policy.
`data:` images are Bootstrap's arrows and check marks inside its style sheet; `blob:` is not allowed anywhere.
"""

from collections.abc import MutableMapping
from typing import Any, Final

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest
from django.http.response import HttpResponseBase

STRICT: Final[dict[str, Any]] = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "manifest-src": [SELF],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
    "base-uri": [NONE],
    "object-src": [NONE],
}

# What django-unfold's templates need; only `/admin/` has it, and only the platform host serves that path.
ADMIN: Final[dict[str, Any]] = STRICT | {
    "script-src": [SELF, UNSAFE_INLINE, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}

#: An e-mail's HTML in the development mailbox: styled inline, with its sender's logo, and nothing runs.
LETTER: Final[dict[str, Any]] = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": ["http:", "https:"],
    "frame-ancestors": [NONE],
    "base-uri": [NONE],
    "form-action": [NONE],
    "sandbox": ["allow-popups", "allow-top-navigation-by-user-activation"],
}

ADMIN_PATH: Final = "/admin/"
#: For the API: nothing of it is shown or run. Spelled out, because building it cost 8 % of a list.
DATA: Final = "default-src 'none'; frame-ancestors 'none'"
_HEADER: Final = "Content-Security-Policy"


class PolicyMiddleware(CSPMiddleware):
    """django-csp's middleware with the admin's policy chosen by path."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Data gets its short policy, everything else django-csp's."""
        if response.headers.get("Content-Type", "").startswith("application/json"):
            response.headers[_HEADER] = DATA
            return response
        answer: HttpResponseBase = super().process_response(request, response)
        return answer

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """The parts of the policy for this answer; a view's own decorator still wins."""
        parts = super().get_policy_parts(request, response, report_only)
        if parts.config is None and not report_only and request.path_info.startswith(ADMIN_PATH):
            parts.config = ADMIN
        return parts


def static_headers(headers: MutableMapping[str, str], path: str, url: str) -> None:
    """WhiteNoise answers before the security middleware: its files bear the header themselves."""
    headers["X-Content-Type-Options"] = "nosniff"
