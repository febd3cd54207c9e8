"""The functions that are the only way to write the ledger: text for every schema, run by its owner.

They are SECURITY DEFINER with a fixed search path, so a caller's path, schema or role changes nothing of
where they write, and a posting is whole when its call returns: no deferred trigger decides at COMMIT, where
another search path may stand. Each refuses without an actor, as the audit's triggers do. Accounts are
locked in order of their ids, after holds. What a caller may want to answer (too little money, a closed
hold) comes back as ``refused``, so that the transaction lives on; what can only be a mistake is raised.
A session keeps its plans, and one made while a table was small would read all of it for ever: hence
``enable_seqscan = off`` (measured: 62 postings a second instead of 600 after some minutes).
"""

from __future__ import annotations

from psycopg import sql

from shared_apps.tenants.roles import Logins

#: Errors that the functions raise, by their SQLSTATE.
UNBALANCED, KEY_REUSED, HOLD_UNKNOWN, CAPTURE_EXCEEDS = "LG001", "LG002", "LG003", "LG004"

POST = "ledger_post(uuid, uuid, text, text, text, text, text[], text[], numeric[])"
HOLD = "ledger_hold(uuid, text, text, text, numeric, text, timestamptz)"
RELEASE = "ledger_release(uuid)"
EXPIRE = "ledger_expire(timestamptz, integer)"
SIGNATURES = (POST, HOLD, RELEASE, EXPIRE)

_HEAD = """\
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp SET enable_seqscan = off AS $ledger$
DECLARE
  ctx jsonb := nullif(current_setting('audit.ctx', true), '')::jsonb;"""

_REFUSE = """\
  IF ctx->'actor' IS NULL AND ctx->'label' IS NULL AND session_user = {runtime} THEN
    RAISE EXCEPTION 'the ledger of % is not written without an actor', {name}
      USING ERRCODE = '42501', HINT = 'Bind an actor (core.context) and open a transaction.';
  END IF;"""

# Missing accounts are opened before any is locked: who waits for another's new account holds no lock.
_OPEN = """\
    INSERT INTO {schema}.ledger_ledgeraccount (code, asset, balance, held, allow_negative, owner, created_at)
    SELECT DISTINCT l.code, l.asset, 0, 0, l.code NOT LIKE 'member:%',
      substring(l.code from
        '^(?:receivable:)?member:([0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}})$')::uuid,
      clock_timestamp()
    FROM {legs} ORDER BY 1, 2
    ON CONFLICT (code, asset) DO NOTHING;"""

_POST = """\
CREATE OR REPLACE FUNCTION {schema}.ledger_post(p_hold uuid, p_id uuid, p_key text, p_kind text,
  p_reference text, p_memo text, p_codes text[], p_assets text[], p_amounts numeric[],
  OUT refused text, OUT about jsonb, OUT replayed boolean, OUT posting {schema}.ledger_posting)
{head}
  digest bytea := sha256(convert_to(jsonb_build_array(p_kind, p_codes, p_assets, p_amounts)::text, 'UTF8'));
  accounts bigint[];
  reserved {schema}.ledger_hold;
  each record;
  drawn numeric := 0;
BEGIN
{refuse}
  IF coalesce(cardinality(p_codes), 0) = 0 OR EXISTS (
    SELECT FROM unnest(p_assets, p_amounts) l(asset, amount) GROUP BY l.asset
    HAVING sum(l.amount) IS DISTINCT FROM 0 OR bool_or(l.amount = 0 OR l.amount <> trunc(l.amount))
  ) THEN
    RAISE EXCEPTION 'the legs are not whole or do not sum to zero' USING ERRCODE = '{unbalanced}';
  END IF;
  IF p_hold IS NOT NULL THEN
    SELECT * INTO reserved FROM {schema}.ledger_hold h WHERE h.id = p_hold FOR NO KEY UPDATE;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'there is no hold %', p_hold USING ERRCODE = '{hold_unknown}';
    ELSIF reserved.state <> 'active' THEN
      SELECT * INTO posting FROM {schema}.ledger_posting p WHERE p.id = reserved.posting_id;
      IF posting.key = p_key AND posting.request_hash = digest THEN
        replayed := true;
      ELSIF posting.key = p_key THEN
        RAISE EXCEPTION 'the key % was used with other legs', p_key USING ERRCODE = '{key_reused}';
      ELSE
        posting := NULL;
        refused := 'hold_closed';
        about := jsonb_build_object('state', reserved.state);
      END IF;
      RETURN;
    END IF;
  END IF;
  FOR attempt IN 1..2 LOOP
    SELECT array_agg(a.id ORDER BY l.n) INTO accounts
    FROM unnest(p_codes, p_assets) WITH ORDINALITY l(code, asset, n)
    LEFT JOIN {schema}.ledger_ledgeraccount a ON a.code = l.code AND a.asset = l.asset;
    EXIT WHEN array_position(accounts, NULL) IS NULL;
{open}
  END LOOP;
  FOR each IN
    SELECT a.id, a.code, a.asset, a.balance, a.held, a.allow_negative, t.total
    FROM (SELECT l.id, sum(l.amount) AS total FROM unnest(accounts, p_amounts) l(id, amount) GROUP BY l.id) t
    JOIN {schema}.ledger_ledgeraccount a ON a.id = t.id
    ORDER BY a.id FOR NO KEY UPDATE OF a
  LOOP
    IF each.id = reserved.account_id THEN
      drawn := each.total;
      each.held := each.held - reserved.amount;
    END IF;
    IF each.total < 0 AND NOT each.allow_negative AND each.balance + each.total < each.held THEN
      refused := 'insufficient_funds';
      about := jsonb_build_object('code', each.code, 'asset', each.asset,
        'available', (each.balance - each.held)::text);
    END IF;
  END LOOP;
  SELECT * INTO posting FROM {schema}.ledger_posting p WHERE p.key = p_key;
  IF FOUND THEN
    IF p_hold IS NOT NULL OR posting.request_hash <> digest THEN
      RAISE EXCEPTION 'the key % was used with other legs', p_key USING ERRCODE = '{key_reused}';
    END IF;
    refused := NULL;
    about := NULL;
    replayed := true;
    RETURN;
  END IF;
  IF p_hold IS NOT NULL AND (drawn >= 0 OR -drawn > reserved.amount) THEN
    RAISE EXCEPTION 'the legs take %, the hold has %', -drawn, reserved.amount
      USING ERRCODE = '{capture_exceeds}';
  END IF;
  IF refused IS NOT NULL THEN
    RETURN;
  END IF;
  INSERT INTO {schema}.ledger_posting (id, key, kind, reference, memo, request_hash, actor_id, actor_label,
    request_id, created_at)
  VALUES (p_id, p_key, p_kind, p_reference, p_memo, digest, (ctx->>'actor')::bigint,
    coalesce(ctx->>'label', ctx->>'email', session_user::text), coalesce(ctx->>'cid', ''), clock_timestamp())
  ON CONFLICT (key) DO NOTHING
  RETURNING * INTO posting;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the key % was used with other legs', p_key USING ERRCODE = '{key_reused}';
  END IF;
  WITH legs AS (
    SELECT l.id, l.amount, l.n, sum(l.amount) OVER (PARTITION BY l.id ORDER BY l.n) AS so_far,
      sum(l.amount) OVER (PARTITION BY l.id) AS total
    FROM unnest(accounts, p_amounts) WITH ORDINALITY l(id, amount, n)
  ), moved AS (
    UPDATE {schema}.ledger_ledgeraccount a SET balance = a.balance + t.total,
      held = CASE WHEN a.id = reserved.account_id THEN a.held - reserved.amount ELSE a.held END
    FROM (SELECT DISTINCT id, total FROM legs) t WHERE a.id = t.id
    RETURNING a.id, a.balance
  )
  INSERT INTO {schema}.ledger_entry (posting_id, account_id, amount, balance_after)
  SELECT p_id, l.id, l.amount, m.balance - l.total + l.so_far
  FROM legs l JOIN moved m ON m.id = l.id ORDER BY l.n;
  IF p_hold IS NOT NULL THEN
    UPDATE {schema}.ledger_hold h SET state = 'captured', closed_at = posting.created_at, posting_id = p_id
    WHERE h.id = p_hold;
  END IF;
  replayed := false;
END $ledger$"""

_HOLD = """\
CREATE OR REPLACE FUNCTION {schema}.ledger_hold(p_id uuid, p_key text, p_code text, p_asset text,
  p_amount numeric, p_reference text, p_expires_at timestamptz,
  OUT refused text, OUT about jsonb, OUT replayed boolean, OUT made {schema}.ledger_hold)
{head}
  account {schema}.ledger_ledgeraccount;
BEGIN
{refuse}
  IF NOT coalesce(p_amount > 0 AND p_amount = trunc(p_amount), false) THEN
    RAISE EXCEPTION 'a hold is a whole amount above zero' USING ERRCODE = '{unbalanced}';
  END IF;
  FOR attempt IN 1..2 LOOP
    SELECT * INTO account FROM {schema}.ledger_ledgeraccount a
    WHERE a.code = p_code AND a.asset = p_asset FOR NO KEY UPDATE;
    EXIT WHEN FOUND;
{open}
  END LOOP;
  SELECT * INTO made FROM {schema}.ledger_hold h WHERE h.key = p_key;
  IF FOUND THEN
    IF made.account_id <> account.id OR made.amount <> p_amount THEN
      RAISE EXCEPTION 'the key % was used for another hold', p_key USING ERRCODE = '{key_reused}';
    END IF;
    replayed := true;
    RETURN;
  END IF;
  IF NOT account.allow_negative AND account.balance - account.held < p_amount THEN
    refused := 'insufficient_funds';
    about := jsonb_build_object('code', p_code, 'asset', p_asset,
      'available', (account.balance - account.held)::text);
    RETURN;
  END IF;
  INSERT INTO {schema}.ledger_hold (id, key, account_id, amount, state, reference, expires_at, created_at)
  VALUES (p_id, p_key, account.id, p_amount, 'active', p_reference, p_expires_at, clock_timestamp())
  ON CONFLICT (key) DO NOTHING
  RETURNING * INTO made;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the key % was used for another hold', p_key USING ERRCODE = '{key_reused}';
  END IF;
  UPDATE {schema}.ledger_ledgeraccount a SET held = a.held + p_amount WHERE a.id = account.id;
  replayed := false;
END $ledger$"""

_RELEASE = """\
CREATE OR REPLACE FUNCTION {schema}.ledger_release(p_hold uuid,
  OUT refused text, OUT about jsonb, OUT replayed boolean, OUT made {schema}.ledger_hold)
{head}
BEGIN
{refuse}
  SELECT * INTO made FROM {schema}.ledger_hold h WHERE h.id = p_hold FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no hold %', p_hold USING ERRCODE = '{hold_unknown}';
  ELSIF made.state = 'captured' THEN
    refused := 'hold_closed';
    about := jsonb_build_object('state', made.state);
  ELSIF made.state = 'active' THEN
    UPDATE {schema}.ledger_ledgeraccount a SET held = a.held - made.amount WHERE a.id = made.account_id;
    UPDATE {schema}.ledger_hold h SET state = 'released', closed_at = clock_timestamp()
    WHERE h.id = p_hold RETURNING * INTO made;
    replayed := false;
  ELSE
    replayed := true;
  END IF;
END $ledger$"""

_EXPIRE = """\
CREATE OR REPLACE FUNCTION {schema}.ledger_expire(p_now timestamptz, p_limit integer)
RETURNS SETOF {schema}.ledger_hold
{head}
  due uuid[];
BEGIN
{refuse}
  SELECT array_agg(d.id) INTO due FROM (
    SELECT h.id FROM {schema}.ledger_hold h WHERE h.state = 'active' AND h.expires_at <= p_now
    ORDER BY h.expires_at LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED
  ) d;
  PERFORM FROM {schema}.ledger_ledgeraccount a
  WHERE a.id IN (SELECT h.account_id FROM {schema}.ledger_hold h WHERE h.id = ANY(due))
  ORDER BY a.id FOR NO KEY UPDATE;
  UPDATE {schema}.ledger_ledgeraccount a SET held = a.held - t.total
  FROM (SELECT h.account_id, sum(h.amount) AS total FROM {schema}.ledger_hold h WHERE h.id = ANY(due)
        GROUP BY h.account_id) t
  WHERE a.id = t.account_id;
  RETURN QUERY UPDATE {schema}.ledger_hold h SET state = 'expired', closed_at = p_now
  WHERE h.id = ANY(due) RETURNING h.*;
END $ledger$"""


def _text(template: str, schema: str, *, legs: str = "") -> str:
    pieces = {
        "schema": sql.Identifier(schema).as_string(),
        "name": sql.Literal(schema).as_string(),
        "runtime": sql.Literal(Logins().runtime).as_string(),
        "unbalanced": UNBALANCED,
        "key_reused": KEY_REUSED,
        "hold_unknown": HOLD_UNKNOWN,
        "capture_exceeds": CAPTURE_EXCEEDS,
    }
    return template.format(
        **pieces,
        head=_HEAD.format(**pieces),
        refuse=_REFUSE.format(**pieces),
        open=_OPEN.format(legs=legs, **pieces) if legs else "",
    )


def function_statements(schema: str) -> list[str]:
    """The functions of one schema; idempotent (tenants.steps runs it, tenants.roles grants the calls)."""
    return [
        _text(_POST, schema, legs="unnest(p_codes, p_assets) l(code, asset)"),
        _text(_HOLD, schema, legs="(SELECT p_code, p_asset) l(code, asset)"),
        _text(_RELEASE, schema),
        _text(_EXPIRE, schema),
        *(f"REVOKE ALL ON FUNCTION {_text('{schema}', schema)}.{each} FROM PUBLIC" for each in SIGNATURES),
    ]
