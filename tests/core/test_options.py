"""Options: one declaration says what a number may be, and every reader gets the host's value."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from shared_apps.core import options
from shared_apps.core.context import Schema, host_context, platform_context
from shared_apps.core.errors import DomainError
from shared_apps.core.options import Flag, Option, Scope

A, B = Schema("t_aaaa"), Schema("t_bbbb")
FACTS = {"label": "A number", "source": "S2-8"}
COUNT = Option("probe.count", kind=int, default=5, minimum=1, maximum=9, **FACTS)
SHARE = Option(
    "probe.share", kind=Decimal, default=Decimal("0.05"), minimum=Decimal(0), maximum=Decimal("0.5"), **FACTS
)
LIFE = Option(
    "probe.life",
    kind=timedelta,
    default=timedelta(minutes=10),
    minimum=timedelta(minutes=1),
    maximum=timedelta(hours=1),
    **FACTS,
)
OPEN = Option("probe.open", kind=bool, default=True, **FACTS)
NOTE = Option("probe.note", kind=str, default="", **FACTS)
FIT = Option(
    "probe.fit", kind=str, default="loose", choices=[("loose", "Loose"), ("tight", "Tight")], **FACTS
)


@pytest.fixture
def changed():
    """``changed({"t_aaaa": {...}})``: what a resolver would know."""
    before = options._State.resolver
    yield lambda by_schema: options.register_resolver(lambda schema: by_schema.get(schema, {}))
    options.register_resolver(before)


@pytest.mark.req("S2-8")
def test_an_option_has_the_value_of_the_request_s_host(changed):
    changed({A.schema_name: {"probe.count": 7}, "public": {"probe.count": 2}})
    with host_context(A):
        assert COUNT.value() == 7
        with platform_context():  # identity looks something up: the host still decides
            assert COUNT.value() == 7
    with host_context(B):
        assert COUNT.value() == 5
    assert COUNT.value() == 2
    assert COUNT.value_for(A.schema_name) == 7


@pytest.mark.parametrize(
    ("option", "raw", "value"),
    [
        (COUNT, 3, 3),
        (COUNT, " 9 ", 9),
        (SHARE, "0.25", Decimal("0.25")),
        (SHARE, 0, Decimal(0)),
        (LIFE, 600, timedelta(minutes=10)),
        (LIFE, "60", timedelta(minutes=1)),
        (OPEN, "off", False),
        (OPEN, True, True),
        (NOTE, "Grüße", "Grüße"),
        (FIT, "tight", "tight"),
    ],
)
def test_a_value_is_read_as_it_was_written(option, raw, value):
    parsed = option.parse(raw)
    assert parsed == value
    assert type(parsed) is type(value)
    assert option.parse(option.plain(parsed)) == parsed


@pytest.mark.parametrize(
    ("option", "raw", "code"),
    [
        (COUNT, 10, "option.out_of_bounds"),
        (COUNT, 0, "option.out_of_bounds"),
        (COUNT, True, "option.not_whole"),
        (COUNT, "1.5", "option.not_whole"),
        (COUNT, 1.0, "option.not_whole"),
        (COUNT, "９", "option.not_whole"),
        (COUNT, None, "option.not_whole"),
        (COUNT, "9" * 400, "option.not_whole"),
        (SHARE, "NaN", "option.not_decimal"),
        (SHARE, "Infinity", "option.not_decimal"),
        (SHARE, "1e400", "option.not_decimal"),
        (SHARE, 0.1, "option.not_decimal"),
        (SHARE, "0.51", "option.out_of_bounds"),
        (LIFE, 10**17, "option.out_of_bounds"),
        (LIFE, -(10**17), "option.out_of_bounds"),
        (OPEN, "perhaps", "option.not_switch"),
        (OPEN, 1, "option.not_switch"),
        (NOTE, "a\x00b", "option.not_text"),
        (NOTE, "x" * 256, "option.not_text"),
        (NOTE, 5, "option.not_text"),
        (FIT, "", "option.not_a_choice"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_its_name(option, raw, code):
    with pytest.raises(DomainError) as refused:
        option.parse(raw)
    assert refused.value.code == code
    assert "value" in refused.value.details


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": int, "default": 5},
        {"kind": int, "default": 5, "minimum": 6, "maximum": 9},
        {"kind": float, "default": 5.0},
        {"kind": int, "default": 5, "minimum": 1, "maximum": 9, "choices": [("a", "A")]},
        {
            "kind": timedelta,
            "default": timedelta(milliseconds=1),
            "minimum": timedelta(0),
            "maximum": timedelta(1),
        },
    ],
)
def test_a_declaration_that_contradicts_itself_stops_the_start(facts):
    with pytest.raises(ValueError, match=r"probe\.wrong"):
        Option("probe.wrong", label="Wrong", source="S2-8", **facts)
    with pytest.raises(ValueError, match="named"):
        Option("Nonsense", kind=bool, default=True, **FACTS)


def test_a_name_is_taken_once():
    name = "probe.taken_once"
    options.register(Flag(name, **FACTS))
    try:
        with pytest.raises(ValueError, match="already"):
            options.register(Flag(name, **FACTS))
        assert options.get_option(name) in options.all_options()
    finally:
        options._OPTIONS.pop(name)


def test_a_flag_is_off_until_somebody_turns_it_on():
    flag = Flag("probe.feature", **FACTS)
    assert (flag.is_on(), flag.scope, flag.staff_only, flag.kind_name) == (
        False,
        Scope.TENANT,
        True,
        "switch",
    )
    with options.values({flag: True, COUNT: 9}):
        assert flag.is_on()
        assert COUNT.value() == 9
        with pytest.raises(DomainError), options.values({COUNT: 10}):
            pass
        assert COUNT.value() == 9
    assert not flag.is_on()
