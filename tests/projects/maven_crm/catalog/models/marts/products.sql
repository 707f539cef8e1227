SELECT
  product_name,
  series,
  list_price
FROM stg_products
