SELECT
  o.opportunity_id,
  o.agent_name,
  o.product_name,
  o.product_as_written,
  o.product_as_written <> o.product_name AS is_product_respelt,
  o.account_name,
  o.deal_stage,
  o.deal_stage IN ('Won', 'Lost') AS is_closed,
  o.engage_date,
  o.close_date,
  CAST(julianday(o.close_date) - julianday(o.engage_date) AS INTEGER) AS days_to_close,
  o.close_value,
  p.list_price
FROM stg_opportunities AS o
LEFT JOIN stg_products AS p ON p.product_name = o.product_name
