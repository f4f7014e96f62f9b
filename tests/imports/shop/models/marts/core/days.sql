select
    {{ dbt.date_trunc('month', 'ordered_on') }} as month,
    {{ dbt.type_string() }} '2024' as year,
    count(*) as orders
from {{ ref('orders') }}
group by all
