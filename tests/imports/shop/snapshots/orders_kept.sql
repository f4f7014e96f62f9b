{% snapshot orders_kept %}
{{ config(target_schema='history', unique_key='order_id', strategy='check', check_cols=['cents']) }}
select * from {{ ref('stg_shop__orders') }}
{% endsnapshot %}
