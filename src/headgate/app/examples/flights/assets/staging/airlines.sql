/* headgate
owner: ops
*/
select
  a.carrier,
  a.name as airline
from raw.airlines as a
