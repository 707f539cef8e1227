SELECT
  t.ticket_id,
  t.account_id,
  t.submitted_date,
  t.closed_at,
  t.priority,
  t.is_escalated,
  t.resolution_hours,
  t.first_response_minutes,
  t.satisfaction_score,
  EXISTS (
    SELECT 1
    FROM stg_churn_events AS e
    WHERE e.account_id = t.account_id
      AND e.churn_date BETWEEN t.submitted_date AND date(t.submitted_date, '+30 days')
  ) AS churned_within_30_days
FROM stg_tickets AS t
