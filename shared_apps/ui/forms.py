"""From a rule that said no to the field that it is about."""

from django import forms

from shared_apps.core.errors import DomainError


def add_domain_error(form: forms.BaseForm, error: DomainError) -> None:
    """Put a service's error beside the fields that it names, or over the form if it has none of them."""
    placed = False
    for name, texts in error.details.items():
        if name in form.fields and isinstance(texts, list):
            form.add_error(name, [str(text) for text in texts])
            placed = True
    if not placed:
        form.add_error(None, error.message)
