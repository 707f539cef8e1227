SELECT customer_id, country FROM raw.shop_customers
