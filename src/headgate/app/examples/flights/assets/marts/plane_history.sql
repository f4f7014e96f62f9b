/* headgate
kind: snapshot
unique_key: tailnum
check: all
owner: fleet
*/
select
  p.tailnum,
  p.manufacturer,
  p.model,
  p.seats
from staging.planes as p
