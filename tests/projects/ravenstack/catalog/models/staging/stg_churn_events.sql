SELECT
  churn_event_id,
  account_id,
  churn_date,
  reason_code,
  CAST(round(CAST(refund_amount_usd AS REAL) * 100) AS INTEGER) AS refund,
  CASE preceding_upgrade_flag WHEN 'True' THEN 1 WHEN 'False' THEN 0 END AS follows_upgrade,
  CASE preceding_downgrade_flag WHEN 'True' THEN 1 WHEN 'False' THEN 0 END AS follows_downgrade,
  CASE is_reactivation WHEN 'True' THEN 1 WHEN 'False' THEN 0 END AS is_reactivation,
  feedback_text
FROM raw.success_churn_events
