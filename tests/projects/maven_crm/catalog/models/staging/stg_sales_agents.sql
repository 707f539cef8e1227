SELECT
  sales_agent AS agent_name,
  manager,
  regional_office
FROM raw.crm_sales_teams
