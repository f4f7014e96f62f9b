/* headgate
kind: incremental
time_column: flown_on
grain: day
lookback: 3 days
start: 2013-01-01
owner: ops
*/
select
  f.flown_on,
  f.origin,
  count(*)                               as flights,
  count(*) filter (where f.is_cancelled) as cancelled,
  round(avg(f.dep_delay), 1)             as mean_departure_delay
from staging.flights as f
where f.flown_on >= :start and f.flown_on < :end
group by f.flown_on, f.origin
