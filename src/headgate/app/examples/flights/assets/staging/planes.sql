/* headgate
owner: fleet
*/
select
  p.tailnum,
  p.year   as built_in,
  p.manufacturer,
  p.model,
  p.seats
from raw.planes as p
