WITH money AS (
  SELECT
    invoice_id,
    sum(CASE WHEN type = 'charge' THEN amount ELSE 0 END) AS paid,
    sum(CASE WHEN type = 'refund' THEN amount ELSE 0 END) AS refunded,
    max(CASE WHEN type = 'charge' THEN moved_on END) AS paid_on
  FROM stg_billing_payments
  GROUP BY invoice_id
),
last_day AS (
  -- Visits are reported every day, so their last day is the data's.
  SELECT max(day) AS day FROM site_traffic
)
SELECT
  stg_billing_invoices.invoice_id,
  stg_shop_customers.customer_id,
  orders.order_id,
  stg_billing_invoices.kind,
  coalesce(orders.channel, 'club') AS channel,
  stg_billing_invoices.issued_on,
  stg_billing_invoices.due_on,
  money.paid_on,
  stg_billing_invoices.status,
  CASE
    WHEN stg_billing_invoices.status <> 'open' THEN 'settled'
    WHEN stg_billing_invoices.due_on >= last_day.day THEN 'not due'
    WHEN stg_billing_invoices.due_on >= date(last_day.day, '-30 days') THEN 'up to 30 days'
    ELSE 'over 30 days'
  END AS overdue,
  stg_billing_invoices.amount,
  coalesce(money.paid, 0) AS paid_amount,
  coalesce(money.refunded, 0) AS refund_amount,
  CASE WHEN stg_billing_invoices.status = 'open' THEN stg_billing_invoices.amount - coalesce(money.paid, 0) ELSE 0 END
    AS open_amount
FROM stg_billing_invoices
JOIN stg_billing_customers ON stg_billing_customers.billing_customer_id = stg_billing_invoices.billing_customer_id
JOIN stg_shop_customers ON stg_shop_customers.email = stg_billing_customers.email
CROSS JOIN last_day
LEFT JOIN money ON money.invoice_id = stg_billing_invoices.invoice_id
LEFT JOIN orders ON orders.order_no = stg_billing_invoices.reference
