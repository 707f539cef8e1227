-- CAST keeps NULL as NULL: a ticket without a score has none, not a score of 0.
SELECT
  ticket_id,
  account_id,
  submitted_at AS submitted_date,
  closed_at,
  CAST(resolution_time_hours AS REAL) AS resolution_hours,
  priority,
  CAST(first_response_time_minutes AS INTEGER) AS first_response_minutes,
  CAST(satisfaction_score AS INTEGER) AS satisfaction_score,
  CASE escalation_flag WHEN 'True' THEN 1 WHEN 'False' THEN 0 END AS is_escalated
FROM raw.helpdesk_tickets
