-- Parcels whose number is none of our orders' stay in staging, where a test counts them.
SELECT
  stg_carriers_shipments.tracking_no,
  orders.order_id,
  orders.customer_id,
  stg_carriers_shipments.carrier,
  orders.country,
  orders.channel,
  stg_carriers_shipments.status,
  stg_carriers_shipments.shipped_on,
  stg_carriers_shipments.promised_on,
  stg_carriers_shipments.delivered_on,
  CAST(julianday(stg_carriers_shipments.delivered_on) - julianday(stg_carriers_shipments.promised_on) AS INTEGER)
    AS days_late,
  CASE
    WHEN stg_carriers_shipments.status = 'lost' THEN 0
    WHEN stg_carriers_shipments.delivered_on IS NULL THEN NULL
    ELSE stg_carriers_shipments.delivered_on <= stg_carriers_shipments.promised_on
  END AS is_on_time,
  stg_carriers_shipments.weight_g,
  stg_carriers_shipments.cost AS shipping_cost
FROM stg_carriers_shipments
JOIN orders ON orders.order_no = stg_carriers_shipments.order_no
