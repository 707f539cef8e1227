SELECT CAST(order_id AS INTEGER) AS order_id, customer_id, ordered_on, paid_on, channel, status,
       CAST(round(CAST(amount AS REAL) * 100) AS INTEGER) AS amount, CAST(units AS INTEGER) AS units
FROM raw.till_orders
