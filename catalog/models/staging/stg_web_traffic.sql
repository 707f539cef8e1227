-- Robots are no visitors.
SELECT
  substr(day, 1, 4) || '-' || substr(day, 5, 2) || '-' || substr(day, 7, 2) AS day,
  channel AS traffic_channel,
  device,
  CAST(sessions AS INTEGER) AS sessions,
  CAST(product_views AS INTEGER) AS product_views,
  CAST(carts AS INTEGER) AS carts,
  CAST(checkouts AS INTEGER) AS checkouts
FROM raw.web_traffic
WHERE device <> 'bot'
