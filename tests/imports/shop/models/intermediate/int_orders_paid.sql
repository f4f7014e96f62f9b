select o.order_id, o.customer_id, o.ordered_on, sum(p.cents) as paid
from {{ ref('stg_shop__orders') }} as o
join {{ ref('shop', 'stg_payments') }} as p using (order_id)
group by all
