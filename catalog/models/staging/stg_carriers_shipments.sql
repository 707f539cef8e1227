-- 01/03/2026 is the first of March. Order numbers come back in small letters or with a blank.
SELECT DISTINCT
  tracking_no,
  carrier,
  upper(trim(order_ref)) AS order_no,
  CASE WHEN shipped_on LIKE '__/__/____'
       THEN substr(shipped_on, 7, 4) || '-' || substr(shipped_on, 4, 2) || '-' || substr(shipped_on, 1, 2)
       ELSE shipped_on END AS shipped_on,
  CASE WHEN promised_on LIKE '__/__/____'
       THEN substr(promised_on, 7, 4) || '-' || substr(promised_on, 4, 2) || '-' || substr(promised_on, 1, 2)
       ELSE promised_on END AS promised_on,
  CASE WHEN delivered_on LIKE '__/__/____'
       THEN substr(delivered_on, 7, 4) || '-' || substr(delivered_on, 4, 2) || '-' || substr(delivered_on, 1, 2)
       ELSE delivered_on END AS delivered_on,
  replace(status, ' ', '_') AS status,
  CAST(weight_g AS INTEGER) AS weight_g,
  CAST(round(CAST(cost AS REAL) * 100) AS INTEGER) AS cost
FROM raw.carriers_shipments
