-- Starts from the team list, so that an agent without opportunities stays, with 0.
SELECT
  a.agent_name,
  a.manager,
  a.regional_office,
  count(o.opportunity_id) AS opportunity_count,
  count(o.opportunity_id) > 0 AS has_opportunities
FROM stg_sales_agents AS a
LEFT JOIN stg_opportunities AS o ON o.agent_name = a.agent_name
GROUP BY a.agent_name, a.manager, a.regional_office
