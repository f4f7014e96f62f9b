/* headgate
owner: me
description: A first table. One SELECT is one table; its name is that of its folder and file.
*/
select n, n * n as square
from range(1, 11) as r(n)
