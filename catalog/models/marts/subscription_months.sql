-- Every month-end from the first membership to the last day of data, and who was a member then.
WITH RECURSIVE last_day AS (
  -- Visits are reported every day, so their last day is the data's.
  SELECT max(day) AS day FROM site_traffic
),
month_ends AS (
  SELECT date(min(started_on), 'start of month', '+1 month', '-1 day') AS month_end
  FROM subscriptions
  UNION ALL
  SELECT date(month_ends.month_end, 'start of month', '+2 months', '-1 day')
  FROM month_ends
  JOIN last_day ON date(month_ends.month_end, 'start of month', '+2 months', '-1 day') <= last_day.day
)
SELECT
  month_ends.month_end,
  subscriptions.subscription_id,
  subscriptions.customer_id,
  subscriptions.plan,
  subscriptions.monthly_amount AS mrr,
  subscriptions.started_on >= date(month_ends.month_end, 'start of month') AS is_new
FROM month_ends
JOIN subscriptions
  ON subscriptions.started_on <= month_ends.month_end
  AND (subscriptions.ended_on IS NULL OR subscriptions.ended_on > month_ends.month_end)
