SELECT
  document_no,
  CASE WHEN document_no LIKE 'C%' THEN 'cancellation' ELSE 'sale' END AS document_kind,
  min(issued_at) AS issued_at,
  max(customer_id) AS customer_id,
  max(country) AS country,
  count(*) AS line_count,
  sum(quantity * unit_price) AS document_value
FROM stg_lines
GROUP BY document_no
