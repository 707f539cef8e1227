-- The pipeline writes GTXPro where the price list says GTX Pro. Both spellings are kept.
-- An open deal has no value yet: NULL stays NULL.
SELECT
  opportunity_id,
  sales_agent AS agent_name,
  CASE product WHEN 'GTXPro' THEN 'GTX Pro' ELSE product END AS product_name,
  product AS product_as_written,
  account AS account_name,
  deal_stage,
  engage_date,
  close_date,
  CAST(close_value AS INTEGER) AS close_value
FROM raw.crm_sales_pipeline
