select code, label from {{ ref('regions') }}
