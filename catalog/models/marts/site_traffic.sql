SELECT
  day,
  traffic_channel,
  device,
  sessions,
  product_views,
  carts,
  checkouts
FROM stg_web_traffic
