select {{ dbt_utils.star(ref('orders')) }} from {{ ref('orders') }}
