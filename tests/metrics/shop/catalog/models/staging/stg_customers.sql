SELECT customer_id, segment, country, email FROM raw.till_customers
