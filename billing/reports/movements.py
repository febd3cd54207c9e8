"""The subscribers at given moments, in one statement.

A subscriber pays from a paid charge on until its period has ended and the grace of the ladder has passed (who
is late is not lost yet), or the contract was ended before. The running contract's own clock counts where it
knows more: a period that began with the first data source, a pause. A month is a twelfth of 365 days, so a
year of it is the price of a day times 365. Prices are those of the contract, before discounts.
"""

from typing import Final

SUBSCRIBERS: Final = """
WITH paid AS (
  SELECT s.info_id, s.id AS subscription_id, c.paid_at, c.kind, s.status, s.cancel_at, s.is_prepaid,
    s.paused_at, i.next_billing_time,
    lead(c.paid_at) OVER contract AS next_paid_at,
    GREATEST(c.paid_at, c.due_at) + make_interval(
      years => CASE r.interval WHEN 'year' THEN r.interval_count ELSE 0 END,
      months => CASE r.interval WHEN 'month' THEN r.interval_count ELSE 0 END,
      weeks => CASE r.interval WHEN 'week' THEN r.interval_count ELSE 0 END,
      days => CASE r.interval WHEN 'day' THEN r.interval_count ELSE 0 END) AS period_end,
    round(r.amount * %(unit)s * CASE WHEN r.per_seat THEN c.seats ELSE 1 END * CASE r.interval
      WHEN 'year' THEN 1.0 / 12 WHEN 'month' THEN 1.0 WHEN 'week' THEN 365.0 / 84 ELSE 365.0 / 12 END
      / r.interval_count) AS monthly,
    v.plan_id, COALESCE(p.provider, s.method) AS provider, c.currency
  FROM subscriptions_subscriptioncharge c
  JOIN subscriptions_subscription s ON s.id = c.subscription_id
  JOIN subscriptions_subscriptioninfo i ON i.id = s.info_id
  JOIN subscriptions_planversion v ON v.id = c.version_id
  JOIN subscriptions_plan l ON l.id = v.plan_id
  JOIN subscriptions_planpricing r ON r.id = c.pricing_id
  LEFT JOIN payments_payment p ON p.id = c.payment_id
  WHERE c.state = 'paid' AND l.owner_id IS NOT DISTINCT FROM %(owner)s
  WINDOW contract AS (PARTITION BY c.subscription_id ORDER BY c.paid_at, c.id)
),
periods AS (
  SELECT info_id, monthly, paid_at AS begins,
    LEAST(
      COALESCE(next_paid_at, 'infinity'), COALESCE(cancel_at, 'infinity'),
      CASE
        WHEN next_paid_at IS NULL AND status <> 'canceled'
          AND (is_prepaid OR paused_at IS NOT NULL OR next_billing_time IS NULL) THEN 'infinity'
        WHEN next_paid_at IS NULL AND status <> 'canceled' THEN next_billing_time + %(grace)s
        ELSE max(period_end) OVER (PARTITION BY subscription_id ORDER BY paid_at) + %(grace)s
      END) AS ends
  FROM paid
  WHERE currency = %(currency)s AND (%(provider)s = '' OR provider = %(provider)s)
    AND (%(plan)s::uuid IS NULL OR plan_id = %(plan)s::uuid)
),
marks AS (
  SELECT at, n FROM unnest(%(marks)s::timestamptz[]) WITH ORDINALITY AS given (at, n)
),
active AS (
  SELECT m.n, p.info_id, max(p.monthly) AS monthly
  FROM marks m JOIN periods p ON p.begins < m.at AND m.at <= p.ends
  GROUP BY m.n, p.info_id
),
moves AS (
  SELECT COALESCE(now.n, before.n + 1) AS n, now.info_id AS is_there, before.info_id AS was_there, now.monthly
  FROM active now FULL JOIN active before ON before.n = now.n - 1 AND before.info_id = now.info_id
)
SELECT n, count(is_there), COALESCE(sum(monthly), 0),
  count(*) FILTER (WHERE was_there IS NULL), count(*) FILTER (WHERE is_there IS NULL)
FROM moves WHERE n <= cardinality(%(marks)s::timestamptz[]) GROUP BY n ORDER BY n
"""
