-- A month counts once its last day lies in the data. A month without subscriptions keeps one row with MRR 0.
WITH RECURSIVE
  bounds AS (
    SELECT
      date(min(start_date), 'start of month', '+1 month', '-1 day') AS first_month_end,
      max(start_date) AS last_day
    FROM stg_subscriptions
  ),
  months (month_end) AS (
    SELECT first_month_end FROM bounds
    UNION ALL
    SELECT date(m.month_end, 'start of month', '+2 months', '-1 day')
    FROM months AS m, bounds AS b
    WHERE date(m.month_end, 'start of month', '+2 months', '-1 day') <= b.last_day
  )
SELECT
  m.month_end,
  s.subscription_id,
  s.account_id,
  s.plan_tier,
  s.billing_frequency,
  coalesce(s.mrr, 0) AS mrr
FROM months AS m
LEFT JOIN stg_subscriptions AS s
  ON NOT s.is_trial
  AND s.start_date <= m.month_end
  AND (s.end_date IS NULL OR s.end_date > m.month_end)
