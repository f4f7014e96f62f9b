/* headgate
owner: network
*/
with routes as (
  select
    f.origin,
    f.dest,
    count(*)                                  as flights,
    count(*) filter (where f.arr_delay >= 30) as late
  from staging.flights as f
  where not f.is_cancelled
  group by f.origin, f.dest
)
select
  r.origin,
  r.dest,
  d.name                               as destination,
  r.flights,
  round(100.0 * r.late / r.flights, 1) as late_percent
from routes as r
join staging.airports as d on d.airport = r.dest
where r.flights >= 100
  and r.late >= 0.2 * r.flights
