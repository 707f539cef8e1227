SELECT order_id, customer_id, ordered_on, paid_on, channel, status,
       amount, units
FROM raw.till_orders
