SELECT DISTINCT
  billing_customer_id,
  lower(trim(email)) AS email
FROM raw.billing_customers
