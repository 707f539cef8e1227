-- An invoice comes again when it is paid or voided: the latest state counts.
WITH states AS (
  SELECT
    invoice_id,
    billing_customer_id,
    kind,
    reference,
    issued_on,
    due_on,
    CAST(round(CAST(amount AS REAL) * 100) AS INTEGER) AS amount,
    status,
    row_number() OVER (
      PARTITION BY invoice_id ORDER BY updated_on DESC, status <> 'open' DESC
    ) AS newest
  FROM raw.billing_invoices
)
SELECT invoice_id, billing_customer_id, kind, reference, issued_on, due_on, amount, status
FROM states
WHERE newest = 1
