SELECT
  stg_crm_deals.deal_id,
  stg_crm_deals.contact_id,
  stg_crm_deals.company,
  stg_shop_customers.customer_id,
  stg_crm_deals.stage,
  CASE WHEN stg_crm_deals.stage IN ('won', 'lost') THEN stg_crm_deals.stage ELSE 'open' END AS outcome,
  stg_crm_deals.amount,
  stg_crm_deals.created_on,
  stg_crm_deals.expected_close_on,
  stg_crm_deals.closed_on,
  CAST(julianday(stg_crm_deals.closed_on) - julianday(stg_crm_deals.created_on) AS INTEGER) AS days_to_close,
  stg_crm_deals.lost_reason,
  stg_crm_deals.owner,
  stg_crm_leads.lead_source
FROM stg_crm_deals
JOIN stg_crm_leads ON stg_crm_leads.contact_id = stg_crm_deals.contact_id
LEFT JOIN stg_shop_customers ON stg_shop_customers.email = stg_crm_leads.email
