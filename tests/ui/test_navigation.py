"""The menu shows what a person may open and marks where they are."""

import pytest
from django.test import RequestFactory

from shared_apps.ui import navigation
from shared_apps.ui.navigation import Area, Item


@pytest.fixture
def menu(monkeypatch, settings):
    monkeypatch.setattr(navigation, "_items", [])
    monkeypatch.setattr(navigation, "_may_open", [])
    monkeypatch.setattr(navigation, "reverse", {"home": "/", "bots": "/bots/", "new": "/bots/new/"}.get)
    for url_name, order in (("new", 3), ("bots", 2), ("home", 1)):
        navigation.register(
            Item(url_name=url_name, label=url_name, icon="robot", permission=f"see.{url_name}", order=order)
        )


def names(path):
    return [
        (entry.item.url_name, entry.current)
        for entry in navigation.entries(RequestFactory().get(path), Area.TENANT)
    ]


def test_without_a_check_nobody_sees_anything(menu):
    assert names("/") == []


def test_only_what_one_may_open_in_order_with_the_nearest_marked(menu):
    navigation.register_check(lambda request, permission: permission != "see.new")
    assert names("/bots/123/") == [("home", False), ("bots", True)]
    assert names("/") == [("home", True), ("bots", False)]
    assert names("/elsewhere/") == [("home", False), ("bots", False)]


def test_an_entry_twice_or_in_an_unknown_group_is_refused(menu):
    with pytest.raises(ValueError, match="already"):
        navigation.register(Item(url_name="home", label="", icon="robot", permission="x"))
    with pytest.raises(ValueError, match="group"):
        navigation.register(Item(url_name="y", label="", icon="robot", permission="x", group="nowhere"))
