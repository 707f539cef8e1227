SELECT
  account_id,
  account_name,
  industry,
  country,
  signup_date,
  referral_source,
  plan_tier,
  CAST(seats AS INTEGER) AS seats,
  CASE is_trial WHEN 'True' THEN 1 WHEN 'False' THEN 0 END AS is_trial,
  CASE churn_flag WHEN 'True' THEN 1 WHEN 'False' THEN 0 END AS is_churned
FROM raw.crm_accounts
