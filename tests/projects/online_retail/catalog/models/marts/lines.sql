SELECT
  line_id,
  document_no,
  CASE WHEN document_no LIKE 'C%' THEN 'cancellation' ELSE 'sale' END AS document_kind,
  stock_code,
  CASE
    WHEN stock_code GLOB '[0-9][0-9][0-9][0-9][0-9]*' OR stock_code LIKE 'DCGS%' THEN 'product'
    WHEN stock_code IN ('POST', 'DOT', 'C2') THEN 'carriage'
    WHEN stock_code IN ('BANK CHARGES', 'AMAZONFEE') THEN 'fee'
    WHEN stock_code GLOB 'gift_*' THEN 'voucher'
    WHEN stock_code = 'M' THEN 'manual'
    WHEN stock_code = 'D' THEN 'discount'
    WHEN stock_code = 'S' THEN 'sample'
    ELSE 'unknown'
  END AS code_class,
  description,
  issued_at,
  customer_id,
  country,
  CASE WHEN quantity > 0 THEN 'out' WHEN quantity < 0 THEN 'back' ELSE 'none' END AS direction,
  CASE
    WHEN unit_price < 0 THEN 'negative'
    WHEN unit_price = 0 THEN 'zero'
    WHEN unit_price <= 100000 THEN 'ordinary'
    ELSE 'over_1000'
  END AS price_class,
  quantity,
  unit_price,
  quantity * unit_price AS line_value
FROM stg_lines
