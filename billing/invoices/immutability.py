"""What keeps an issued invoice as it was issued: a trigger in the database, whoever writes.

Only the marks of what became of it move (paid, credited, state), and only forward. The stored document never
changes. The runtime owns no table, so it cannot switch the triggers off.
"""

from __future__ import annotations

from shared_apps.core.context import PUBLIC

_KEEP = """\
CREATE OR REPLACE FUNCTION public.invoices_keep() RETURNS trigger LANGUAGE plpgsql AS $keep$
DECLARE
  marks text[] := '{state,paid_at,payment,credited_minor}';
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF to_jsonb(NEW) - marks = to_jsonb(OLD) - marks
       AND NEW.credited_minor >= OLD.credited_minor
       AND (OLD.paid_at IS NULL OR (NEW.paid_at = OLD.paid_at AND NEW.payment = OLD.payment))
       AND (OLD.state = 'open' OR NEW.state = OLD.state OR NEW.state = 'credited') THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'an issued invoice is never changed' USING ERRCODE = '42501';
END $keep$"""

_FREEZE = """\
CREATE OR REPLACE FUNCTION public.invoices_freeze() RETURNS trigger LANGUAGE plpgsql AS $keep$
BEGIN
  RAISE EXCEPTION 'the document of an invoice is never changed' USING ERRCODE = '42501';
END $keep$"""


def statements(schema: str) -> list[str]:
    """The triggers; the tables stand in public alone."""
    if schema != PUBLIC:
        return []
    return [
        _KEEP,
        _FREEZE,
        "CREATE OR REPLACE TRIGGER invoices_keep BEFORE UPDATE OR DELETE ON public.invoices_invoice "
        "FOR EACH ROW EXECUTE FUNCTION public.invoices_keep()",
        "CREATE OR REPLACE TRIGGER invoices_freeze BEFORE UPDATE OR DELETE ON public.invoices_document "
        "FOR EACH ROW EXECUTE FUNCTION public.invoices_freeze()",
    ]
