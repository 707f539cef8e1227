-- Two desks, two ways to write a time: "2025-03-01 10:15" and "2025-05-01T10:15:00Z", both UTC.
SELECT DISTINCT
  ticket_id,
  requester_id,
  lower(trim(requester_email)) AS requester_email,
  upper(trim(order_no)) AS order_no,
  topic,
  channel,
  priority,
  status,
  CASE WHEN length(created_at) = 16 THEN created_at || ':00'
       ELSE replace(substr(created_at, 1, 19), 'T', ' ') END AS created_at,
  CASE WHEN length(first_response_at) = 16 THEN first_response_at || ':00'
       ELSE replace(substr(first_response_at, 1, 19), 'T', ' ') END AS first_response_at,
  CASE WHEN length(solved_at) = 16 THEN solved_at || ':00'
       ELSE replace(substr(solved_at, 1, 19), 'T', ' ') END AS solved_at,
  CAST(csat AS INTEGER) AS csat
FROM raw.support_tickets
