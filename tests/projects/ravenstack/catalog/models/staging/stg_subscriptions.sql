SELECT
  subscription_id,
  account_id,
  start_date,
  end_date,
  plan_tier,
  CAST(seats AS INTEGER) AS seats,
  CAST(mrr_amount AS INTEGER) AS mrr,
  CAST(arr_amount AS INTEGER) AS arr,
  CASE is_trial WHEN 'True' THEN 1 WHEN 'False' THEN 0 END AS is_trial,
  CASE upgrade_flag WHEN 'True' THEN 1 WHEN 'False' THEN 0 END AS is_upgraded,
  CASE downgrade_flag WHEN 'True' THEN 1 WHEN 'False' THEN 0 END AS is_downgraded,
  CASE churn_flag WHEN 'True' THEN 1 WHEN 'False' THEN 0 END AS is_churned,
  billing_frequency,
  CASE auto_renew_flag WHEN 'True' THEN 1 WHEN 'False' THEN 0 END AS renews_by_itself
FROM raw.billing_subscriptions
