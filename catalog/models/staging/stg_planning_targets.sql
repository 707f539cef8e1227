-- A sheet saved by hand: only lines that name a channel are targets, the last version of a month
-- counts, 03.2026 is a month and 12.345,67 an amount.
WITH versions AS (
  SELECT
    substr(month, 4, 4) || '-' || substr(month, 1, 2) || '-01' AS month,
    channel,
    CAST(version AS INTEGER) AS version,
    CAST(round(CAST(replace(replace(revenue_target, '.', ''), ',', '.') AS REAL) * 100) AS INTEGER)
      AS target_revenue,
    note,
    row_number() OVER (PARTITION BY month, channel ORDER BY CAST(version AS INTEGER) DESC) AS newest
  FROM raw.planning_targets
  WHERE channel IS NOT NULL
)
SELECT month, channel, version, target_revenue, note
FROM versions
WHERE newest = 1
