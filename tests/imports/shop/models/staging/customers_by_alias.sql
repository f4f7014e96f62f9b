{{ config(alias='customers') }}
with customers as (select * from{{ source('seeded', 'customers') }})

select id as customer_id, name, region
from customers
