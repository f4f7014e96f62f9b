/* headgate
owner: ops
*/
with flights as (
  select
    w.origin,
    case
      when w.visible_miles < 3 then 'fog'
      when w.is_wet then 'rain or snow'
      when w.wind_speed >= 20 then 'wind'
      else 'fair'
    end as weather,
    f.dep_delay
  from staging.flights as f
  join staging.weather as w on w.origin = f.origin and w.time_hour = f.time_hour
)
select
  f.origin,
  f.weather,
  count(*)                   as flights,
  round(avg(f.dep_delay), 1) as mean_departure_delay
from flights as f
group by f.origin, f.weather
