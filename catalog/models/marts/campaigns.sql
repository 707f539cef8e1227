SELECT
  campaign_id,
  campaign_name,
  platform,
  objective,
  coupon,
  starts_on,
  ends_on,
  budget,
  manager
FROM stg_marketing_campaigns
