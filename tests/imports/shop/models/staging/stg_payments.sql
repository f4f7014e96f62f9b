select order_id, method, cents
from {{ source('web-shop', 'payments') }} where method <> 'none'
