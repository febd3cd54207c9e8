"""Signatures and keys hold in one tenant and for one purpose (attack table, row 4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared_apps.core import signing
from shared_apps.core.context import Schema, host_context, platform_context
from shared_apps.core.errors import ForbiddenError

A, B = Schema("t_aaaa"), Schema("t_bbbb")
DAY = timedelta(days=1)


@pytest.mark.req("F7")
def test_a_signed_value_is_valid_on_its_own_host_only():
    with host_context(A):
        text = signing.sign("invitation", {"member": 5})
        assert signing.unsign("invitation", text, max_age=DAY) == {"member": 5}
        with platform_context():  # the host decides, not where identity looks something up
            assert signing.unsign("invitation", text, max_age=DAY) == {"member": 5}
        with pytest.raises(ForbiddenError) as wrong_purpose:
            signing.unsign("download", text, max_age=DAY)
        assert wrong_purpose.value.code == "signature.invalid"
    for other in (B, Schema("public")):
        with host_context(other), pytest.raises(ForbiddenError):
            signing.unsign("invitation", text, max_age=DAY)


@pytest.mark.parametrize("text", ["", "a", "a:b:c", "é:ü:ß", "\x00", "x" * 10_000])
def test_what_is_no_signature_is_refused(text):
    with pytest.raises(ForbiddenError):
        signing.unsign("invitation", text, max_age=DAY)


def test_a_signature_expires(monkeypatch):
    text = signing.sign("invitation", 1)
    with pytest.raises(ForbiddenError) as error:
        signing.unsign("invitation", text, max_age=timedelta(seconds=-1))
    assert error.value.code == "signature.expired"


@pytest.mark.req("S3-122")
def test_the_secret_can_be_rotated(settings):
    settings.SECRET_KEY = "old-" + "x" * 50
    text, code = signing.sign("invitation", 1), signing.mac("task", "t_aaaa", b"m")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new-" + "y" * 50, [settings.SECRET_KEY]
    assert signing.unsign("invitation", text, max_age=DAY) == 1
    assert signing.mac_is_valid("task", "t_aaaa", b"m", code)
    assert signing.mac("task", "t_aaaa", b"m") != code
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(ForbiddenError):
        signing.unsign("invitation", text, max_age=DAY)
    assert not signing.mac_is_valid("task", "t_aaaa", b"m", code)


def test_keys_differ_by_purpose_and_schema_and_are_stable():
    keys = {signing.derived_keys(purpose, schema)[0] for purpose in "ab" for schema in ("t_aaaa", "t_bbbb")}
    assert len(keys) == 4
    assert all(len(key) == 32 for key in keys)
    # HKDF as in RFC 5869, pinned: a change here would invalidate everything signed.
    assert signing._derive("secret", "task", "t_aaaa").hex() == (
        "c3b442c11cc5793d7a5f2248ec569618c476d51a98fb9a52f8a109f7dd74f1bf"
    )
