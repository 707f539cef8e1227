SELECT
  subscriber_id,
  lower(trim(email)) AS email,
  status,
  substr(consent_at, 1, 10) AS consent_on
FROM raw.marketing_subscribers
