SELECT CAST(order_id AS INTEGER) AS order_id, customer_id, ordered_on,
       CAST(round(CAST(amount AS REAL) * 100) AS INTEGER) AS amount
FROM (SELECT *, row_number() OVER (PARTITION BY order_id ORDER BY updated_at DESC, _load_id DESC, _row DESC) AS version
      FROM raw.shop_orders)
WHERE version = 1
