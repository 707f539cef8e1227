SELECT customer_id, segment, country, email FROM stg_customers
