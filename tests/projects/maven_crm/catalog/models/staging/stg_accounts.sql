SELECT
  account AS account_name,
  sector,
  CAST(year_established AS INTEGER) AS year_established,
  CAST(round(CAST(revenue AS REAL) * 100) AS INTEGER) AS revenue_millions,
  CAST(employees AS INTEGER) AS employees,
  office_location,
  subsidiary_of AS parent_name
FROM raw.crm_accounts
