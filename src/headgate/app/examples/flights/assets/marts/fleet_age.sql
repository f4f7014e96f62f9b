/* headgate
owner: fleet
*/
select
  p.manufacturer,
  p.built_in - p.built_in % 10 as decade,
  count(distinct p.tailnum)    as planes,
  count(*)                     as flights,
  sum(f.miles)                 as miles
from staging.flights as f
join staging.planes as p on p.tailnum = f.tailnum
group by p.manufacturer, p.built_in - p.built_in % 10
