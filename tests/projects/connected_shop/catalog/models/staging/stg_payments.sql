SELECT CAST(order_id AS INTEGER) AS order_id, CAST(amount_cents AS INTEGER) AS amount FROM raw.payments_events
