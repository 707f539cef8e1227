-- A file holds one day, so day and position in the file name a line, however often it is loaded.
-- round() before CAST: 2.55 * 100 is not exactly 255 in floating point.
SELECT
  printf('%s/%05d', substr(InvoiceDate, 1, 10), _row) AS line_id,
  InvoiceNo AS document_no,
  StockCode AS stock_code,
  Description AS description,
  CAST(Quantity AS INTEGER) AS quantity,
  InvoiceDate AS issued_at,
  UnitPrice AS price_as_written,
  CAST(round(CAST(UnitPrice AS REAL) * 100) AS INTEGER) AS unit_price,
  CASE WHEN CustomerID LIKE '%.0' THEN substr(CustomerID, 1, length(CustomerID) - 2) ELSE CustomerID END AS customer_id,
  Country AS country
FROM raw.shop_lines
