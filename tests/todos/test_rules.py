from datetime import UTC, date, datetime

import pytest

from tenant_apps.todos import rules

NOW, BEFORE = datetime(2026, 5, 2, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("done", "before", "after"),
    [(True, None, NOW), (True, BEFORE, BEFORE), (False, BEFORE, None), (False, None, None)],
)
def test_a_todo_keeps_the_first_time_it_was_done(done, before, after):
    assert rules.done_at(done, before, NOW) == after


@pytest.mark.parametrize(
    ("due_on", "done", "overdue"),
    [
        (None, False, False),
        (date(2026, 5, 1), False, True),
        (date(2026, 5, 2), False, False),
        (date(2026, 5, 1), True, False),
    ],
)
def test_overdue_begins_on_the_day_after(due_on, done, overdue):
    assert rules.is_overdue(due_on, done, date(2026, 5, 2)) is overdue
