select max(paid) from {{ ref('orders') }}
