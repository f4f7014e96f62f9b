{{ config(
    materialized='view',
    post_hook="select 1",
    tags=['web']
) }}

-- Orders as the shop gives them.
{#- Until 2023 they came from
    another shop. #}
select
    orders.id as order_id,     {# one per order #}
    customer as customer_id,
    placed::date as ordered_on,
    cents,
    cents * 2
from {{ source('web-shop', 'orders') }}
where cents > 0 -- {{ ref('stg_payments') }} has the rest
