-- The name is the description most lines carry. Between equals, the first by alphabet.
WITH
  names AS (
    SELECT
      stock_code,
      trim(description) AS stock_name,
      row_number() OVER (PARTITION BY stock_code ORDER BY count(*) DESC, trim(description)) AS place
    FROM stg_lines
    WHERE description IS NOT NULL
    GROUP BY stock_code, trim(description)
  )
SELECT
  c.stock_code,
  n.stock_name,
  c.description_count,
  c.description_count > 1 AS has_several_descriptions
FROM (
  SELECT stock_code, count(DISTINCT description) AS description_count
  FROM stg_lines
  GROUP BY stock_code
) AS c
LEFT JOIN names AS n ON n.stock_code = c.stock_code AND n.place = 1
