-- The country is that of the customer's latest document. One customer of the month has two.
WITH
  days AS (
    SELECT DISTINCT customer_id, substr(issued_at, 1, 10) AS day
    FROM stg_lines
    WHERE customer_id IS NOT NULL AND document_no NOT LIKE 'C%'
  ),
  first_days AS (
    SELECT customer_id, min(day) AS first_order_date
    FROM days
    GROUP BY customer_id
  ),
  latest AS (
    SELECT
      customer_id,
      country,
      row_number() OVER (PARTITION BY customer_id ORDER BY issued_at DESC, line_id DESC) AS place
    FROM stg_lines
    WHERE customer_id IS NOT NULL
  )
SELECT
  l.customer_id,
  l.country,
  f.first_order_date,
  CASE
    WHEN f.first_order_date IS NOT NULL THEN EXISTS (
      SELECT 1
      FROM days AS d
      WHERE d.customer_id = l.customer_id
        AND d.day > f.first_order_date
        AND d.day <= date(f.first_order_date, '+7 days')
    )
  END AS ordered_again_within_7_days
FROM latest AS l
LEFT JOIN first_days AS f ON f.customer_id = l.customer_id
WHERE l.place = 1
