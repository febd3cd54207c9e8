"""People and their sessions: once per platform, in the public schema."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shared_apps.core.context import PUBLIC, current_schema
from shared_apps.core.fields import UUIDv7Field

from . import rules, validators

#: What a tenant's database role may read of a user; the rest (password first of all) is denied to it.
TENANT_VISIBLE_COLUMNS = (
    "id", "username", "email", "first_name", "last_name", "role", "is_active",
    "is_staff", "is_superuser", "date_joined", "last_login",
)  # fmt: skip


class Role(models.TextChoices):
    """Platform roles: the four of S4 and the auditor of the product card (decision C3)."""

    SUPERADMIN = "superadmin", _("SuperAdmin")
    ADMIN = "admin", _("Admin")
    AUDITOR = "auditor", _("Auditor")
    TENANT_OWNER = "tenant_owner", _("Tenant Owner")
    SUBSCRIBER = "subscriber", _("Subscriber")


class AccountType(models.TextChoices):
    """For whom somebody acts (S3-33, S3-34); the values stay as the source document has them."""

    INDIVIDUAL = "particulier", _("Individual")
    PROFESSIONAL = "professionnel", _("Professional")


class Theme(models.TextChoices):
    SYSTEM = "system", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


STAFF_ROLES = (Role.SUPERADMIN, Role.ADMIN)
SUPERUSER_ROLES = (Role.SUPERADMIN,)


class _RoleFlagDescriptor(DeferredAttribute):
    """Reads the stored column; on an unsaved user, where Django raises, it asks the role."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is not None and instance.pk is None:
            roles: tuple[str, ...] = self.field.roles  # type: ignore[attr-defined]
            return instance.role in roles
        return super().__get__(instance, cls)


class RoleFlag(models.GeneratedField):
    """A boolean column that the database derives from ``role``: queryable, never writable (C6)."""

    descriptor_class = _RoleFlagDescriptor

    def __init__(self, roles: Any = (), **kwargs: Any) -> None:
        self.roles = tuple(str(role) for role in roles)
        super().__init__(
            expression=models.Q(role__in=self.roles),  # type: ignore[arg-type]
            output_field=models.BooleanField(),
            db_persist=True,
            **{key: value for key, value in kwargs.items() if key in ("help_text", "verbose_name", "name")},
        )

    def deconstruct(self) -> Any:
        name, path, _args, kwargs = super().deconstruct()
        for key in ("expression", "output_field", "db_persist", "editable", "blank"):
            kwargs.pop(key, None)
        return name, path, [], {**kwargs, "roles": self.roles}


UNDELETABLE = "people are erased by users.services.erasure, never deleted: journals name them"


class UserQuerySet(models.QuerySet["User"]):
    """People are never deleted: journals name them. ``services.erasure`` makes one nobody."""

    def delete(self) -> Any:
        raise models.ProtectedError(UNDELETABLE, set(self))


class UserManager(DjangoUserManager["User"]):
    """Outside the platform role only the columns that a tenant may see are loaded."""

    _queryset_class = UserQuerySet

    def get_queryset(self) -> Any:
        queryset = super().get_queryset()
        return queryset if current_schema() == PUBLIC else queryset.only(*TENANT_VISIBLE_COLUMNS)

    def create_superuser(self, username: str, email: str | None = None, password: str | None = None,
                         **extra_fields: Any) -> User:  # fmt: skip
        """Create a superadmin; the role alone makes a superuser."""
        extra_fields.pop("is_staff", None)
        extra_fields.pop("is_superuser", None)
        return self.create_user(username, email, password, **{**extra_fields, "role": Role.SUPERADMIN})

    def create_user(self, username: str, email: str | None = None, password: str | None = None,
                    **extra_fields: Any) -> User:  # fmt: skip
        """Create a person with a hashed password; ``role`` defaults to subscriber."""
        user: User = self.model(
            username=self.model.normalize_username(username),
            email=self.normalize_email(email).lower(),
            **extra_fields,
        )
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractUser):  # type: ignore[django-manager-missing]  # guardian's model is in a tenant app
    """A person. ``role`` is the single source of truth for rights on the platform host."""

    audit_masked = ("password",)
    audit_left_out = ("last_login", "former_addresses")

    Roles = Role

    email = models.EmailField(_("e-mail address"), unique=True)
    role = models.CharField(
        max_length=20,
        choices=Role.choices,
        default=Role.SUBSCRIBER,
        db_index=True,
        help_text=_("Application role for permissions"),
    )
    is_staff = RoleFlag(roles=STAFF_ROLES)
    is_superuser = RoleFlag(roles=SUPERUSER_ROLES)
    tenant = models.ForeignKey(
        "tenants.Tenant",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="users",
        help_text=_("Home tenant; one of the memberships"),
    )
    phone_number = models.CharField(max_length=20, blank=True, validators=[validators.validate_phone_number])
    bio = models.TextField(blank=True)
    url = models.URLField(blank=True)
    company = models.CharField(max_length=100, blank=True, validators=[validators.validate_plain])
    location = models.CharField(max_length=100, blank=True, validators=[validators.validate_plain])
    birth_date = models.DateField(null=True, blank=True, validators=[validators.validate_birth_date])
    account_type = models.CharField(
        max_length=20, choices=AccountType.choices, default=AccountType.INDIVIDUAL,
        help_text=_("Stored in French (C23)"),
    )  # fmt: skip
    language = models.CharField(max_length=10, blank=True, validators=[validators.validate_language])
    time_zone = models.CharField(max_length=64, blank=True, validators=[validators.validate_time_zone])
    theme = models.CharField(max_length=10, choices=Theme.choices, default=Theme.SYSTEM)
    avatar = models.CharField(max_length=100, blank=True, editable=False, help_text=_("Name of the file"))
    password_updated = models.DateTimeField(null=True, blank=True, editable=False)
    erased_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("Since when nothing here says who it was (C29)")
    )
    email_verified_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When a code sent to the address came back")
    )

    #: Addresses of the last week that may take the account back, each with the time when it went.
    former_addresses = models.JSONField(default=list, blank=True, editable=False)

    objects = UserManager()  # type: ignore[misc]

    REQUIRED_FIELDS = ["email"]

    class Meta:
        ordering = ("username",)
        base_manager_name = "objects"
        indexes = [models.Index(fields=["role", "tenant"], name="user_role_tenant")]

    def set_password(self, raw_password: str | None) -> None:
        """Hash and set the password, and note when (C7: not on every save)."""
        super().set_password(raw_password)
        self.password_updated = timezone.now()

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        """Refused; see :class:`UserQuerySet`."""
        raise models.ProtectedError(UNDELETABLE, {self})

    @property
    def display_name(self) -> str:
        """Full name, or the user name where none was given."""
        return self.get_full_name() or self.username


class Session(models.Model):
    """One signed-in device: a browser session, or a family of refresh tokens. The only such store."""

    audit_masked = ("refresh_hash", "previous_refresh_hash", "push_token")
    audit_left_out = ("last_seen_at", "verified_at")

    class Kind(models.TextChoices):
        BROWSER = "browser", _("Browser")
        API = "api", _("API")

    id = UUIDv7Field()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    tenant = models.ForeignKey(
        "tenants.Tenant", null=True, on_delete=models.CASCADE, related_name="+",
        help_text=_("The tenant of the host it was opened on; empty on the platform host"),
    )  # fmt: skip
    kind = models.CharField(max_length=10, choices=Kind.choices)
    refresh_hash = models.CharField(
        max_length=64, blank=True, help_text=_("SHA-256 of the current refresh token's id")
    )
    previous_refresh_hash = models.CharField(max_length=64, blank=True)
    rotated_at = models.DateTimeField(null=True)
    push_token = models.CharField(max_length=255, blank=True)
    device_name = models.CharField(max_length=100, blank=True)
    user_agent = models.CharField(max_length=255, blank=True)
    remote_addr = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    verified_at = models.DateTimeField(
        null=True, help_text=_("When the person last proved who they are: at the log-in or in between")
    )
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_reason = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = [models.Index(fields=["user", "expires_at"], name="session_user_live")]

    def __str__(self) -> str:
        return f"{self.kind} session of {self.user_id}"

    @property
    def device_label(self) -> str:
        """The name that its person gave it, else what its program says of itself."""
        return self.device_name or rules.device_label(self.user_agent) or str(_("unknown device"))


class ApiToken(models.Model):
    """A personal token for programs (S0-20): good on one host, for some areas, until a day.

    Only its digest is kept. What it opens is what its scopes and its owner's rights now have in common.
    """

    audit_masked = ("digest",)
    audit_left_out = ("last_used_at",)

    id = UUIDv7Field()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    tenant = models.ForeignKey(
        "tenants.Tenant", null=True, on_delete=models.CASCADE, related_name="+",
        help_text=_("The tenant on whose host it holds; empty for the platform's host"),
    )  # fmt: skip
    name = models.CharField(max_length=100, help_text=_("What it is for, in its owner's words"))
    prefix = models.CharField(max_length=20, help_text=_("Its first characters, by which it is recognised"))
    digest = models.CharField(max_length=64, unique=True, help_text=_("SHA-256 of the whole token"))
    scopes = models.JSONField(help_text=_("area:read or area:write; writing includes reading"))
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, help_text=_("Exact to ten minutes"))
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.user_id}"


class OneTimeCode(models.Model):
    """What waits for six digits out of an e-mail (:mod:`shared_apps.users.codes`)."""

    audit_masked = ("code_hash", "payload")

    class Purpose(models.TextChoices):
        REGISTRATION = "registration", _("Registration")
        PASSWORD_RESET = "password_reset", _("New password")
        EMAIL_CHANGE = "email_change", _("New address")

    id = UUIDv7Field()
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    tenant = models.ForeignKey(
        "tenants.Tenant", null=True, on_delete=models.CASCADE, related_name="+",
        help_text=_("The tenant of the host it was asked for on; empty on the platform host"),
    )  # fmt: skip
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    address = models.EmailField(help_text=_("Where the code is sent, in lower case"))
    code_hash = models.CharField(
        max_length=64, blank=True, help_text=_("HMAC-SHA256 of the code; empty until one was sent")
    )
    tries_left = models.PositiveSmallIntegerField(default=0)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at",)
        indexes = [models.Index(fields=["address", "purpose"], name="one_time_code_address")]

    def __str__(self) -> str:
        return f"{self.purpose} code {self.pk}"


class DataExport(models.Model):
    """Somebody's own data, put together by a worker and sealed, to be fetched within a few days."""

    audit_masked = ("file_key",)

    class Status(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    id = UUIDv7Field()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="exports")
    tenant = models.ForeignKey(
        "tenants.Tenant", null=True, on_delete=models.CASCADE, related_name="+",
        help_text=_("The tenant of the host it was asked for on; empty: everything, asked on the platform"),
    )  # fmt: skip
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    progress = models.PositiveSmallIntegerField(default=0, help_text=_("Per cent"))
    file = models.CharField(max_length=100, blank=True)
    file_key = models.TextField(blank=True, help_text=_("The file's key, sealed"))
    size = models.PositiveBigIntegerField(default=0, help_text=_("Bytes"))
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = [models.Index(fields=["user", "created_at"], name="export_user_created")]

    def __str__(self) -> str:
        return f"data of {self.user_id}"
