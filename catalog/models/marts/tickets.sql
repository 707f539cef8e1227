-- Requesters are matched to customers by address, and to orders by number where they named one.
SELECT
  stg_support_tickets.ticket_id,
  stg_support_tickets.requester_id,
  stg_shop_customers.customer_id,
  orders.order_id,
  orders.carrier,
  stg_support_tickets.topic,
  stg_support_tickets.channel AS contact_channel,
  stg_support_tickets.priority,
  stg_support_tickets.status,
  stg_support_tickets.created_at,
  stg_support_tickets.solved_at,
  CAST(round((julianday(stg_support_tickets.first_response_at) - julianday(stg_support_tickets.created_at)) * 1440)
    AS INTEGER) AS first_response_minutes,
  round((julianday(stg_support_tickets.solved_at) - julianday(stg_support_tickets.created_at)) * 24, 2)
    AS resolution_hours,
  stg_support_tickets.csat
FROM stg_support_tickets
LEFT JOIN stg_shop_customers ON stg_shop_customers.email = stg_support_tickets.requester_email
LEFT JOIN orders ON orders.order_no = stg_support_tickets.order_no
