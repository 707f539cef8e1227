WITH actuals AS (
  SELECT
    substr(ordered_on, 1, 7) || '-01' AS month,
    channel,
    sum(net_amount) AS revenue
  FROM orders
  GROUP BY substr(ordered_on, 1, 7), channel
)
SELECT
  stg_planning_targets.month,
  stg_planning_targets.channel,
  stg_planning_targets.version,
  stg_planning_targets.target_revenue,
  coalesce(actuals.revenue, 0) AS actual_revenue,
  stg_planning_targets.note
FROM stg_planning_targets
LEFT JOIN actuals
  ON actuals.month = stg_planning_targets.month AND actuals.channel = stg_planning_targets.channel
