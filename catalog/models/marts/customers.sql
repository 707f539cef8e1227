-- Six systems know the same person under six keys. The shop's account is the spine; billing, CRM,
-- help desk and newsletter are joined by address, parcels by order.
WITH purchases AS (
  SELECT
    customer_id,
    min(ordered_on) AS first_order_on,
    max(ordered_on) AS last_order_on,
    count(*) AS order_count,
    sum(net_amount) AS lifetime_revenue
  FROM orders
  WHERE status <> 'cancelled'
  GROUP BY customer_id
),
sources AS (
  SELECT
    customer_id,
    traffic_source,
    row_number() OVER (PARTITION BY customer_id ORDER BY ordered_at, order_id) AS position
  FROM orders
  WHERE status <> 'cancelled'
),
memberships AS (
  SELECT customer_id, sum(status <> 'canceled') AS running, count(*) AS ever
  FROM subscriptions
  GROUP BY customer_id
),
requests AS (
  SELECT customer_id, min(requester_id) AS requester_id, count(*) AS ticket_count
  FROM tickets
  WHERE customer_id IS NOT NULL
  GROUP BY customer_id
),
parcels AS (
  SELECT customer_id, sum(is_on_time = 0) AS late_parcels
  FROM shipments
  GROUP BY customer_id
)
SELECT
  stg_shop_customers.customer_id,
  stg_shop_customers.full_name,
  stg_shop_customers.email,
  stg_shop_customers.company,
  CASE
    WHEN stg_shop_customers.account_type = 'business' THEN 'business'
    WHEN memberships.running > 0 THEN 'member'
    WHEN purchases.order_count >= 3 THEN 'regular'
    WHEN purchases.order_count >= 1 THEN 'occasional'
    ELSE 'no order'
  END AS segment,
  stg_shop_customers.country,
  stg_shop_customers.signed_up_on,
  sources.traffic_source AS acquisition_source,
  stg_billing_customers.billing_customer_id,
  stg_crm_leads.contact_id AS crm_contact_id,
  stg_crm_leads.lead_source,
  requests.requester_id AS support_requester_id,
  stg_marketing_subscribers.subscriber_id AS newsletter_subscriber_id,
  coalesce(stg_marketing_subscribers.status, 'never') AS newsletter_status,
  CASE
    WHEN memberships.running > 0 THEN 'member'
    WHEN memberships.ever > 0 THEN 'former member'
    ELSE 'never'
  END AS club_status,
  purchases.first_order_on,
  purchases.last_order_on,
  coalesce(purchases.order_count, 0) AS order_count,
  coalesce(purchases.lifetime_revenue, 0) AS lifetime_revenue,
  coalesce(requests.ticket_count, 0) AS ticket_count,
  coalesce(parcels.late_parcels, 0) AS late_parcels
FROM stg_shop_customers
LEFT JOIN purchases ON purchases.customer_id = stg_shop_customers.customer_id
LEFT JOIN sources ON sources.customer_id = stg_shop_customers.customer_id AND sources.position = 1
LEFT JOIN memberships ON memberships.customer_id = stg_shop_customers.customer_id
LEFT JOIN requests ON requests.customer_id = stg_shop_customers.customer_id
LEFT JOIN parcels ON parcels.customer_id = stg_shop_customers.customer_id
LEFT JOIN stg_billing_customers ON stg_billing_customers.email = stg_shop_customers.email
LEFT JOIN stg_crm_leads ON stg_crm_leads.email = stg_shop_customers.email
LEFT JOIN stg_marketing_subscribers ON stg_marketing_subscribers.email = stg_shop_customers.email
