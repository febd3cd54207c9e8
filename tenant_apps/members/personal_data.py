"""What an organisation knows of a person, for "download my data": every table that points to their row.

Tables of apps above are found by their foreign keys to Member, so a new one is in the export by itself.
Columns that the audit masks are secrets and stay out.
"""

from __future__ import annotations

from django.db import models

from shared_apps.users.hooks import Sections, rows_in_pieces

from .models import Member


def sections(user_id: int) -> Sections:
    """The person's own row, and all rows of theirs, table by table."""
    member = Member.objects.filter(user_id=user_id).first()
    if member is None:
        return
    yield "member", rows_in_pieces(Member.objects.filter(pk=member.pk))
    found: dict[type[models.Model], models.Q] = {}
    for relation in Member._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToOneRel) and not relation.related_model._meta.proxy:
            mine = models.Q(**{relation.field.name: member.pk})
            known = found.get(relation.related_model)
            found[relation.related_model] = mine if known is None else known | mine
    for model, mine in sorted(found.items(), key=lambda item: item[0]._meta.label_lower):
        yield model._meta.label_lower, rows_in_pieces(model._default_manager.filter(mine))
