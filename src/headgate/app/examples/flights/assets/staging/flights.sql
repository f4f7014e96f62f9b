/* headgate
owner: ops
description: One row for each scheduled departure from New York in 2013.
*/
select
  make_date(f.year::int, f.month::int, f.day::int) as flown_on,
  f.time_hour,
  f.carrier,
  f.flight,
  f.tailnum,
  f.origin,
  f.dest,
  f.distance                        as miles,
  f.dep_delay,
  f.arr_delay,
  f.arr_delay is null               as is_cancelled
from raw.flights as f
