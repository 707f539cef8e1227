SELECT
  campaign_id,
  name AS campaign_name,
  platform,
  objective,
  coupon,
  starts_on,
  ends_on,
  CAST(round(CAST(budget AS REAL) * 100) AS INTEGER) AS budget,
  manager
FROM raw.marketing_campaigns
