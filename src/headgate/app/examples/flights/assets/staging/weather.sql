/* headgate
owner: ops
*/
select
  w.origin,
  w.time_hour,
  w.wind_speed,
  w.visib      as visible_miles,
  w.precip > 0 as is_wet
from raw.weather as w
