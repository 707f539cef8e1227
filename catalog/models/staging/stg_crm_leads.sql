-- Somebody entered twice keeps the older key.
WITH people AS (
  SELECT
    contact_id,
    lower(trim(email)) AS email,
    trim(company) AS company,
    lead_source,
    status,
    created_on,
    owner,
    row_number() OVER (
      PARTITION BY lower(trim(email)) ORDER BY created_on, length(contact_id), contact_id
    ) AS oldest
  FROM raw.crm_leads
)
SELECT contact_id, email, company, lead_source, status, created_on, owner
FROM people
WHERE oldest = 1
