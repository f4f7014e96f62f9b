select * from {{ ref('orders') }} where paid <= 0
