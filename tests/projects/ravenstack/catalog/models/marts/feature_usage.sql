SELECT
  u.usage_row,
  u.usage_id,
  u.subscription_id,
  s.account_id,
  u.usage_date,
  u.feature_name,
  u.is_beta_feature,
  u.usage_date < s.start_date OR (s.end_date IS NOT NULL AND u.usage_date > s.end_date) AS is_outside_subscription,
  u.usage_count,
  u.usage_seconds,
  u.error_count
FROM stg_feature_usage AS u
LEFT JOIN stg_subscriptions AS s ON s.subscription_id = u.subscription_id
