select c.customer_id, c.name, l.label as region, count(o.order_id) as orders, sum(o.paid) as paid
from {{ ref('customers_by_alias') }} as c
left join {{ ref('int_orders_paid') }} as o using (customer_id)
left join {{ ref('regions') }} as l on l.code = c.region
group by all
