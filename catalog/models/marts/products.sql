SELECT
  product_id,
  product_name,
  category,
  supplier,
  list_price,
  unit_cost,
  weight_g
FROM stg_shop_products
