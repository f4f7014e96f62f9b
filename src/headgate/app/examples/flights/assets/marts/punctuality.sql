/* headgate
owner: ops
*/
select
  a.airline,
  c.label,
  count(*) as flights
from staging.flights as f
join staging.airlines as a on a.carrier = f.carrier
join staging.delay_classes as c on f.arr_delay >= c.from_minutes and f.arr_delay < c.to_minutes
group by a.airline, c.label
