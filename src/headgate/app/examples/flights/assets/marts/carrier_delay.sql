/* headgate
owner: ops
*/
select
  a.airline,
  count(*)                                                 as flights,
  round(avg(f.arr_delay), 1)                               as mean_delay,
  percentile_disc(0.9) within group (order by f.arr_delay) as p90_delay,
  count(*) filter (where f.is_cancelled)                   as cancelled
from staging.flights as f
join staging.airlines as a on a.carrier = f.carrier
group by a.airline
