"""One thing that a member wants to do. The smallest app of a tenant: copy it to begin another."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shared_apps.core.tenant_models import TenantModel
from tenant_apps.members.models import Member

TITLE_LENGTH = 200


class Todo(TenantModel):
    """A line on a member's list (S4-8)."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="todos")
    title = models.CharField(_("title"), max_length=TITLE_LENGTH)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ("-created_at", "id")
        indexes = [models.Index(fields=["member", "-created_at"], name="todo_of_member")]
        constraints = [
            models.CheckConstraint(condition=~models.Q(title=""), name="todo_title_not_empty"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def done(self) -> bool:
        """Whether it is off the list."""
        return self.done_at is not None
