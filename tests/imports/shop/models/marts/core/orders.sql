{{ config(materialized='incremental', unique_key='order_id') }}
select order_id, customer_id, ordered_on, paid
from {{ ref('int_orders_paid') }}
{% if is_incremental() %}
where ordered_on > (select max(ordered_on) from {{ this }})
{% else %}
where paid > 0
{% endif %}
