/* headgate
kind: view
owner: ops
*/
select
  d.flown_on,
  d.origin,
  d.flights,
  d.mean_departure_delay
from marts.daily_delays as d
where d.mean_departure_delay >= 60
