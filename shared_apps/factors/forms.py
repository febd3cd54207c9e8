"""Forms of the pages; the browser's answer of a passkey travels as JSON in a hidden field."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class CredentialField(forms.CharField):
    """A WebAuthn answer as JSON text; empty is None."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=20_000, widget=forms.HiddenInput, **kwargs)

    def clean(self, value: Any) -> Any:
        """The object. Raises ValidationError for what is no JSON object."""
        text = super().clean(value)
        if not text:
            return None
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise forms.ValidationError(_("Your browser's answer could not be read. Try again."))
        return found


def code_field() -> forms.CharField:
    """A field for a code of an app or a recovery code."""
    return forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        help_text=gettext_lazy("Six digits of your authenticator app, or a recovery code."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false",
                                      "autocapitalize": "none"}),
    )  # fmt: skip


class TotpForm(forms.Form):
    """The first code of a new app."""

    code = forms.CharField(
        label=gettext_lazy("Code that the app shows"),
        max_length=10,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
    setup_token = forms.CharField(max_length=1024, widget=forms.HiddenInput)


class PasskeyForm(forms.Form):
    """A name for a new passkey, and what the browser made."""

    name = forms.CharField(
        label=gettext_lazy("Name of the passkey"),
        max_length=60,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("This laptop")}),
    )
    ceremony = forms.CharField(max_length=100, widget=forms.HiddenInput, required=False)
    credential = CredentialField(required=False)


class SecondStepForm(forms.Form):
    """The code of the second step of a log-in."""

    code = code_field()


class PasskeyAnswerForm(forms.Form):
    """What the browser answers for a passkey."""

    ceremony = forms.CharField(max_length=100, widget=forms.HiddenInput)
    credential = CredentialField()


class ConfirmForm(forms.Form):
    """A proof of identity; which field is asked for depends on what the person has."""

    step_up_code = code_field()
    step_up_password = forms.CharField(
        label=gettext_lazy("Your password"), max_length=128, strip=False, widget=forms.PasswordInput
    )

    def __init__(self, *args: Any, enrolled: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["step_up_password" if enrolled else "step_up_code"]
