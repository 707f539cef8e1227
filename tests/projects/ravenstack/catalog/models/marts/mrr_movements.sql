SELECT
  subscription_id || '/started' AS movement_id,
  subscription_id,
  account_id,
  start_date AS movement_date,
  'started' AS movement,
  plan_tier,
  mrr AS mrr_change
FROM stg_subscriptions
WHERE NOT is_trial
UNION ALL
SELECT
  subscription_id || '/ended',
  subscription_id,
  account_id,
  end_date,
  'ended',
  plan_tier,
  -mrr
FROM stg_subscriptions
WHERE NOT is_trial AND end_date IS NOT NULL
