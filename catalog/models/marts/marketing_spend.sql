-- A day with orders and no spend, or with spend and no orders, is a row too.
WITH sold AS (
  SELECT
    ordered_on AS day,
    campaign_id,
    count(*) AS orders,
    sum(net_amount) AS revenue
  FROM orders
  WHERE campaign_id IS NOT NULL AND status <> 'cancelled'
  GROUP BY ordered_on, campaign_id
),
days AS (
  SELECT day, campaign_id FROM stg_ads_spend
  UNION
  SELECT day, campaign_id FROM sold
)
SELECT
  days.day,
  days.campaign_id,
  campaigns.campaign_name,
  campaigns.platform,
  coalesce(stg_ads_spend.impressions, 0) AS impressions,
  coalesce(stg_ads_spend.clicks, 0) AS clicks,
  coalesce(stg_ads_spend.spend, 0) AS spend,
  coalesce(sold.orders, 0) AS attributed_orders,
  coalesce(sold.revenue, 0) AS attributed_revenue
FROM days
JOIN campaigns ON campaigns.campaign_id = days.campaign_id
LEFT JOIN stg_ads_spend ON stg_ads_spend.day = days.day AND stg_ads_spend.campaign_id = days.campaign_id
LEFT JOIN sold ON sold.day = days.day AND sold.campaign_id = days.campaign_id
