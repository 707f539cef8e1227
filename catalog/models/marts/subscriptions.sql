-- Billing knows payers; the shop's key is found by address.
SELECT
  stg_billing_subscriptions.subscription_id,
  stg_shop_customers.customer_id,
  stg_billing_subscriptions.plan,
  stg_billing_subscriptions.status,
  stg_billing_subscriptions.started_on,
  stg_billing_subscriptions.ended_on,
  stg_billing_subscriptions.end_reason,
  stg_billing_subscriptions.interval_months,
  stg_billing_subscriptions.amount AS interval_amount,
  stg_billing_subscriptions.amount / stg_billing_subscriptions.interval_months AS monthly_amount
FROM stg_billing_subscriptions
JOIN stg_billing_customers
  ON stg_billing_customers.billing_customer_id = stg_billing_subscriptions.billing_customer_id
JOIN stg_shop_customers ON stg_shop_customers.email = stg_billing_customers.email
