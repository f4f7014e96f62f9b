select code as region, label from {{ ref('sales_regions', v=1) }}
