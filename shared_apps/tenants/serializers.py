"""What the API shows and takes of organisations."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from .models import Tenant


class TenantSerializer(serializers.ModelSerializer[Tenant]):
    """An organisation (S4-63). ``user_count`` counts the people whose home it is."""

    user_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Tenant
        fields = [
            "id", "name", "slug", "email", "url", "description", "is_active", "uuid",
            "created_at", "updated_at", "user_count",
        ]  # fmt: skip
        read_only_fields = ["uuid", "created_at", "updated_at"]


class TenantStateSerializer(serializers.ModelSerializer[Tenant]):
    """Where an organisation stands in its life cycle, and why."""

    class Meta:
        model = Tenant
        fields = ["id", "slug", "is_active", "state", "state_reason", "state_changed_at"]
        read_only_fields = fields


class ReasonSerializer(serializers.Serializer[Any]):
    """Why; it is kept in the log."""

    reason = serializers.CharField(max_length=255)


class SignUpSerializer(serializers.Serializer[Any]):
    """A new organisation and its founder; a person who is signed in leaves the founder out."""

    name = serializers.CharField(max_length=150)
    slug = serializers.CharField(max_length=160)
    email = serializers.EmailField(required=False)
    password = serializers.CharField(
        required=False,
        write_only=True,
        max_length=128,
        trim_whitespace=False,
        style={"input_type": "password"},
    )
    first_name = serializers.CharField(required=False, allow_blank=True, default="", max_length=150)
    last_name = serializers.CharField(required=False, allow_blank=True, default="", max_length=150)


class SignedUpSerializer(serializers.Serializer[Any]):
    """The organisation and where it lives."""

    tenant = TenantSerializer()
    host = serializers.CharField()
    address = serializers.URLField()


class SlugCheckSerializer(serializers.Serializer[Any]):
    """Whether a subdomain can be had; if not, ``code`` and ``message`` say why."""

    slug = serializers.CharField()
    available = serializers.BooleanField()
    host = serializers.CharField()
    code = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)
