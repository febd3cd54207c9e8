"""Numbers of the second factors that people may change."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from shared_apps.core.options import Option, Scope, register

NOBODY, ADMINISTRATORS, EVERYBODY = "nobody", "administrators", "everybody"

REQUIRED: Final = register(
    Option(
        "factors.required_for",
        kind=str,
        default=NOBODY,
        choices=(
            (NOBODY, _("nobody")),
            (ADMINISTRATORS, _("owners, administrators and auditors")),
            (EVERYBODY, _("everybody")),
        ),
        scope=Scope.TENANT,
        is_critical=True,
        label=_("Who needs a second factor"),
        help_text=_("Who has none yet can do nothing but set one up."),
        source="F25",
    )
)
