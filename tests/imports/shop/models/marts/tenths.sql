{{ config(materialized='view', meta={'team': 'sales'}) }}
{# Jinja that stays. #}
select order_id,
{%- for part in [1, 10] %}
    {{ in_units('paid', part) }} as paid_{{ part }},
{%- endfor %}
    '{{ var("country") }}' as country, {{ var('cents') }} as cents
from {{ ref('orders') }}
