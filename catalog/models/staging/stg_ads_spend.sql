-- Platforms correct the last days of a month in the next file: the latest export of a day counts.
-- Google counts millionths of a euro, the others write euros.
WITH exports AS (
  SELECT
    date AS day,
    platform,
    lower(campaign_id) AS campaign_id,
    CAST(impressions AS INTEGER) AS impressions,
    CAST(clicks AS INTEGER) AS clicks,
    CAST(round(coalesce(CAST(spend AS REAL) * 100, CAST(cost_micros AS REAL) / 10000)) AS INTEGER) AS spend,
    row_number() OVER (PARTITION BY date, lower(campaign_id) ORDER BY exported_at DESC) AS newest
  FROM raw.ads_spend
)
SELECT day, platform, campaign_id, impressions, clicks, spend
FROM exports
WHERE newest = 1
