/* headgate
owner: ops
*/
select
  a.faa  as airport,
  a.name as name
from raw.airports as a
