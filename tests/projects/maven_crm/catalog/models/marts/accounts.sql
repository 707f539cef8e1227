SELECT
  account_name,
  sector,
  year_established,
  revenue_millions,
  employees,
  office_location,
  parent_name,
  coalesce(parent_name, account_name) AS group_name
FROM stg_accounts
