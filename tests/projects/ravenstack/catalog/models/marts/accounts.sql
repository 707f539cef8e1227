-- Tickets, churn events and subscriptions are each reduced to one row per account before they meet:
-- joined as they are, three one-to-many tables would multiply each other.
WITH
  support AS (
    SELECT account_id, count(*) AS ticket_count, avg(satisfaction_score) AS average_satisfaction
    FROM stg_tickets
    GROUP BY account_id
  ),
  churn AS (
    SELECT account_id, count(*) AS churn_event_count
    FROM stg_churn_events
    GROUP BY account_id
  ),
  first_trials AS (
    SELECT account_id, min(start_date) AS first_trial_date
    FROM stg_subscriptions
    WHERE is_trial
    GROUP BY account_id
  )
SELECT
  a.account_id,
  a.account_name,
  a.industry,
  a.country,
  a.signup_date,
  a.referral_source,
  a.plan_tier,
  a.seats,
  a.is_trial,
  a.is_churned,
  c.account_id IS NOT NULL AS has_churn_event,
  coalesce(c.churn_event_count, 0) AS churn_event_count,
  t.account_id IS NOT NULL AS has_tickets,
  coalesce(t.ticket_count, 0) AS ticket_count,
  t.average_satisfaction,
  f.first_trial_date,
  CASE
    WHEN f.account_id IS NOT NULL THEN EXISTS (
      SELECT 1
      FROM stg_subscriptions AS s
      WHERE s.account_id = a.account_id
        AND NOT s.is_trial
        AND s.start_date BETWEEN f.first_trial_date AND date(f.first_trial_date, '+30 days')
    )
  END AS paid_within_30_days
FROM stg_accounts AS a
LEFT JOIN support AS t ON t.account_id = a.account_id
LEFT JOIN churn AS c ON c.account_id = a.account_id
LEFT JOIN first_trials AS f ON f.account_id = a.account_id
