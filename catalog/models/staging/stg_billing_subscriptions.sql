SELECT DISTINCT
  subscription_id,
  billing_customer_id,
  plan,
  CAST(interval_months AS INTEGER) AS interval_months,
  CAST(round(CAST(amount AS REAL) * 100) AS INTEGER) AS amount,
  started_on,
  ended_on,
  status,
  end_reason
FROM raw.billing_subscriptions
