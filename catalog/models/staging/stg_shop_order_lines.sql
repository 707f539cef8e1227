-- Retried exports repeat lines; order and line number name a line once.
SELECT DISTINCT
  order_id,
  CAST(line_no AS INTEGER) AS line_no,
  product_id,
  CAST(quantity AS INTEGER) AS quantity,
  CAST(round(CAST(unit_price AS REAL) * 100) AS INTEGER) AS unit_price,
  CAST(round(CAST(line_total AS REAL) * 100) AS INTEGER) AS line_total
FROM raw.shop_order_lines
