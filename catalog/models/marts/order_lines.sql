-- Lines of archived and of test orders find no order here; lines of cancelled orders sold nothing.
SELECT
  stg_shop_order_lines.order_id,
  stg_shop_order_lines.line_no,
  stg_shop_order_lines.product_id,
  orders.customer_id,
  orders.ordered_on,
  orders.channel,
  stg_shop_order_lines.quantity,
  stg_shop_order_lines.unit_price,
  stg_shop_order_lines.line_total AS line_amount,
  stg_shop_order_lines.quantity * stg_shop_products.unit_cost AS cost_amount
FROM stg_shop_order_lines
JOIN orders ON orders.order_id = stg_shop_order_lines.order_id
JOIN stg_shop_products ON stg_shop_products.product_id = stg_shop_order_lines.product_id
WHERE orders.status <> 'cancelled'
