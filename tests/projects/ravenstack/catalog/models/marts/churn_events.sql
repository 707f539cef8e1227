SELECT
  churn_event_id,
  account_id,
  churn_date,
  reason_code,
  is_reactivation,
  follows_upgrade,
  follows_downgrade,
  refund,
  feedback_text
FROM stg_churn_events
