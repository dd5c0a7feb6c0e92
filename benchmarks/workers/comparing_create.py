"""Makes the tables with SQLAlchemy."""

from __future__ import annotations

import json
import sys
import time

import sqlalchemy as sa
from many_tables import many_tables

order = json.loads(sys.argv[1])
begun = time.perf_counter()
engine = sa.create_engine(order["url"], isolation_level="AUTOCOMMIT")
many_tables(order["tables"]).create_all(engine)
engine.dispose()
print(json.dumps([time.perf_counter() - begun]))
