SELECT DISTINCT
  deal_id,
  contact_id,
  trim(company) AS company,
  stage,
  CAST(round(CAST(amount AS REAL) * 100) AS INTEGER) AS amount,
  created_on,
  expected_close_on,
  closed_on,
  lost_reason,
  owner
FROM raw.crm_deals
