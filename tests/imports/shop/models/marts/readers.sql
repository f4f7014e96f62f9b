select region, label from {{ ref('sales_regions') }}
