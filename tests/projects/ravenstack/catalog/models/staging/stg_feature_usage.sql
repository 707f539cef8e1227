-- usage_id is not unique, so the line's position in the export is the key.
SELECT
  CAST(_row AS INTEGER) AS usage_row,
  usage_id,
  subscription_id,
  usage_date,
  feature_name,
  CAST(usage_count AS INTEGER) AS usage_count,
  CAST(usage_duration_secs AS INTEGER) AS usage_seconds,
  CAST(error_count AS INTEGER) AS error_count,
  CASE is_beta_feature WHEN 'True' THEN 1 WHEN 'False' THEN 0 END AS is_beta_feature
FROM raw.product_feature_usage
