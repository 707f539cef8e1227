SELECT
  product AS product_name,
  series,
  CAST(sales_price AS INTEGER) AS list_price
FROM raw.crm_products
