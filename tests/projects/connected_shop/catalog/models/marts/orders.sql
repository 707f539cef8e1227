SELECT o.order_id, o.ordered_on, coalesce(c.country, 'unknown') AS country, o.amount,
       coalesce((SELECT sum(p.amount) FROM stg_payments AS p WHERE p.order_id = o.order_id), 0) AS paid
FROM stg_orders AS o
LEFT JOIN stg_customers AS c ON c.customer_id = o.customer_id
