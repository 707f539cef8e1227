-- The shop says what was ordered, billing what was paid and refunded, the carrier when it came.
WITH money AS (
  SELECT
    stg_billing_invoices.reference AS order_no,
    sum(CASE WHEN stg_billing_payments.type = 'charge' THEN stg_billing_payments.amount ELSE 0 END) AS paid,
    sum(CASE WHEN stg_billing_payments.type = 'refund' THEN stg_billing_payments.amount ELSE 0 END) AS refunded
  FROM stg_billing_invoices
  JOIN stg_billing_payments ON stg_billing_payments.invoice_id = stg_billing_invoices.invoice_id
  WHERE stg_billing_invoices.kind = 'order'
  GROUP BY stg_billing_invoices.reference
),
goods AS (
  SELECT
    stg_shop_order_lines.order_id,
    sum(stg_shop_order_lines.quantity) AS items,
    sum(stg_shop_order_lines.quantity * stg_shop_products.unit_cost) AS cost
  FROM stg_shop_order_lines
  JOIN stg_shop_products ON stg_shop_products.product_id = stg_shop_order_lines.product_id
  GROUP BY stg_shop_order_lines.order_id
),
known AS (
  -- Whoever was not logged in is found by address.
  SELECT
    stg_shop_orders.order_id,
    coalesce(stg_shop_orders.customer_id, stg_shop_customers.customer_id) AS customer_id,
    coalesce(stg_shop_orders.ship_country, stg_shop_customers.country) AS country
  FROM stg_shop_orders
  LEFT JOIN stg_shop_customers ON stg_shop_customers.email = stg_shop_orders.customer_email
),
earlier AS (
  SELECT
    stg_shop_orders.order_id,
    row_number() OVER (
      PARTITION BY known.customer_id ORDER BY stg_shop_orders.placed_at, stg_shop_orders.order_id
    ) AS position
  FROM stg_shop_orders
  JOIN known ON known.order_id = stg_shop_orders.order_id
  WHERE stg_shop_orders.status <> 'cancelled'
),
counted AS (
  SELECT
    stg_shop_orders.order_id,
    CASE WHEN stg_shop_orders.status = 'cancelled' THEN 0 ELSE stg_shop_orders.total END AS order_amount,
    coalesce(money.refunded, 0) AS refund_amount,
    CASE WHEN stg_shop_orders.status = 'cancelled' THEN 0 ELSE coalesce(goods.cost, 0) END AS cost_amount,
    coalesce(money.paid, 0) AS paid_amount,
    coalesce(goods.items, 0) AS item_count
  FROM stg_shop_orders
  LEFT JOIN money ON money.order_no = stg_shop_orders.order_no
  LEFT JOIN goods ON goods.order_id = stg_shop_orders.order_id
)
SELECT
  stg_shop_orders.order_id,
  stg_shop_orders.order_no,
  known.customer_id,
  stg_shop_orders.placed_at AS ordered_at,
  substr(stg_shop_orders.placed_at, 1, 10) AS ordered_on,
  stg_shop_orders.channel,
  stg_shop_orders.status,
  known.country,
  coalesce(stg_shop_orders.utm_source, 'direct') AS traffic_source,
  stg_shop_orders.campaign_id,
  stg_shop_orders.coupon,
  stg_carriers_shipments.carrier,
  CASE
    WHEN stg_carriers_shipments.status = 'lost' THEN 1
    WHEN stg_carriers_shipments.delivered_on IS NULL THEN NULL
    ELSE stg_carriers_shipments.delivered_on > stg_carriers_shipments.promised_on
  END AS is_late,
  coalesce(earlier.position, 1) > 1 AS is_repeat,
  stg_shop_orders.subtotal AS list_amount,
  stg_shop_orders.discount AS discount_amount,
  counted.order_amount,
  counted.refund_amount,
  counted.order_amount - counted.refund_amount AS net_amount,
  counted.cost_amount,
  counted.order_amount - counted.refund_amount - counted.cost_amount AS margin_amount,
  counted.paid_amount,
  counted.item_count
FROM stg_shop_orders
JOIN known ON known.order_id = stg_shop_orders.order_id
JOIN counted ON counted.order_id = stg_shop_orders.order_id
LEFT JOIN earlier ON earlier.order_id = stg_shop_orders.order_id
LEFT JOIN stg_carriers_shipments ON stg_carriers_shipments.order_no = stg_shop_orders.order_no
