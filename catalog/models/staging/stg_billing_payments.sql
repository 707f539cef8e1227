-- Only money that moved: failed attempts are left out, repeated lines are one row.
SELECT DISTINCT
  payment_id,
  invoice_id,
  type,
  CAST(round(CAST(amount AS REAL) * 100) AS INTEGER) AS amount,
  method,
  substr(created_at, 1, 10) AS moved_on
FROM raw.billing_payments
WHERE status = 'succeeded'
