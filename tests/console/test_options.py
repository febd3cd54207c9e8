"""Options in the superadmin's site."""

from __future__ import annotations

import pytest

from shared_apps.configuration.models import OptionChange, OptionValue
from shared_apps.tenants.models import Tenant
from shared_apps.users.options import SELF_REGISTRATION
from tests.support.pages import visitor

LIST = "/admin/configuration/optionvalue/"
PAGE = f"{LIST}option/{SELF_REGISTRATION.name}/"


@pytest.mark.req("S2-8")
@pytest.mark.django_db(transaction=True)
def test_a_superadmin_changes_an_option_for_the_platform_and_for_one_organisation() -> None:
    acme, globex = (Tenant.objects.get(slug=slug) for slug in ("acme", "globex"))
    client = visitor(None, "superadmin")
    assert SELF_REGISTRATION.name in client.get(f"{LIST}?q=register by").content.decode()
    assert client.post(PAGE, {"place": "platform", "value": "off", "reason": "a flood"}).status_code == 302
    assert [SELF_REGISTRATION.value_for(each.schema_name) for each in (acme, globex)] == [False, False]
    body = {"place": "tenant", "slug": "acme", "value": "on", "reason": "they asked"}
    assert client.post(PAGE, body).status_code == 302
    assert [SELF_REGISTRATION.value_for(each.schema_name) for each in (acme, globex)] == [True, False]
    page = client.get(PAGE).content.decode()
    assert "a flood" in page and "they asked" in page and "superadmin@example.com" in page
    assert client.post(PAGE, {"place": "platform", "reset": "1", "reason": "over"}).status_code == 302
    assert SELF_REGISTRATION.value_for(globex.schema_name)
    assert OptionChange.objects.count() == 3


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"place": "platform", "value": "perhaps", "reason": "x"}, "value"),
        ({"place": "platform", "value": "off", "reason": " "}, "reason"),
        ({"place": "tenant", "slug": "nobody", "value": "off", "reason": "x"}, "slug"),
        ({"place": "plan:gold", "value": "off", "reason": "x"}, "place"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_what_breaks_a_rule_is_said_at_its_field(body: dict[str, str], field: str) -> None:
    answer = visitor(None, "superadmin").post(PAGE, body)
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert not OptionValue.objects.exists()


@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_others_of_the_platform_look(acme: Tenant, who: str) -> None:
    client = visitor(None, who)
    assert "Take the value back" not in client.get(PAGE).content.decode()
    client.post(PAGE, {"place": "platform", "value": "off", "reason": "x"})
    assert not OptionValue.objects.exists()
    assert client.get(f"{LIST}option/users.nothing/").status_code == 404
