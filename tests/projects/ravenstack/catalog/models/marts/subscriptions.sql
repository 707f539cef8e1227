SELECT
  s.subscription_id,
  s.account_id,
  s.start_date,
  s.end_date,
  s.plan_tier,
  s.plan_tier IS NOT a.plan_tier AS tier_differs_from_account,
  s.seats,
  s.mrr,
  s.is_trial,
  s.is_upgraded,
  s.is_downgraded,
  s.is_churned,
  s.end_date IS NULL AND NOT s.is_churned AS is_running,
  s.billing_frequency,
  s.renews_by_itself,
  u.subscription_id IS NOT NULL AS has_usage
FROM stg_subscriptions AS s
LEFT JOIN stg_accounts AS a ON a.account_id = s.account_id
LEFT JOIN (SELECT DISTINCT subscription_id FROM stg_feature_usage) AS u ON u.subscription_id = s.subscription_id
