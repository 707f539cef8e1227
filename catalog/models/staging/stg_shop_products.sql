SELECT
  product_id,
  name AS product_name,
  category,
  supplier,
  CAST(round(CAST(list_price AS REAL) * 100) AS INTEGER) AS list_price,
  CAST(round(CAST(unit_cost AS REAL) * 100) AS INTEGER) AS unit_cost,
  CAST(weight_g AS INTEGER) AS weight_g
FROM raw.shop_products
