"""Changes of aggregates, rules and extended statistics; of columns under them."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from asyncmig.entities import Aggregate, Function, Grant, Revoke, Rule, SqlText, Statistics, View
from model_changes.building import Change
from model_changes.declaring import READER, shop, thick

product = Aggregate("product", "numeric", "numeric_mul", "numeric", initcond="1")
adds = Function(
    "adds", "a bigint, b integer", returns="bigint", language="sql", body="SELECT a + b"
)
added = Aggregate("added", "n integer", "adds", "bigint", initcond="0", parallel="safe")
uses = View("uses", "SELECT product(pages) AS p FROM book")
kept = Rule("kept", "book", "delete", "nothing", instead=True)
NOTE = "INSERT INTO book (title) VALUES (old.title)"
noted = Rule("noted", "book", "update", NOTE, where="new.title <> old.title")
place = Statistics("place", "book", ["title", "pages"])
half = Statistics("half", "book", ["(pages / 2)", "id"], kinds=["mcv", "ndistinct"])

CHANGES = [
    Change("aggregate", shop(), shop(product)),
    Change("aggregate removed", shop(product), shop()),
    Change("aggregate of an added function", shop(), shop(added, adds)),
    Change(
        "aggregate without arguments", shop(), shop(replace(added, arguments="*", sfunc="int8inc"))
    ),
    Change(
        "aggregate of ordered rows",
        shop(),
        shop(
            SqlText(
                "CREATE AGGREGATE middle(double precision ORDER BY anyelement) ("
                "SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final,"
                " FINALFUNC_EXTRA)"
            )
        ),
    ),
    Change(
        "aggregate with a moving state",
        shop(),
        shop(
            Aggregate(
                "summed",
                "bigint",
                "int8pl",
                "bigint",
                combinefunc="int8pl",
                options={
                    "sspace": 16,
                    "mstype": "bigint",
                    "msfunc": "int8pl",
                    "minvfunc": "int8mi",
                },
            )
        ),
    ),
    Change(
        "aggregate: minimum",
        shop(),
        shop(Aggregate("least_of", "integer", "int4smaller", "integer", sortop="<")),
    ),
    Change(
        "aggregate: state before the first row", shop(product), shop(replace(product, initcond="2"))
    ),
    Change(
        "aggregate under a view", shop(product, uses), shop(replace(product, initcond="2"), uses)
    ),
    Change("aggregate: comment", shop(product), shop(replace(product, comment="it's"))),
    Change("aggregate in another schema", shop(), shop(replace(product, schema="other"))),
    Change(
        "grant on an aggregate",
        shop(product),
        shop(
            product,
            Grant("execute", "product(numeric)", READER, object_kind="function"),
            Revoke("execute", "product(numeric)", "public", object_kind="function"),
        ),
    ),
    Change("rule", shop(), shop(kept)),
    Change("rule removed", shop(kept), shop()),
    Change("rule: condition", shop(noted), shop(replace(noted, where="new.id = 1"))),
    Change("rule: action", shop(noted), shop(replace(noted, action=NOTE.replace("old", "new")))),
    Change("rule: several actions", shop(noted), shop(replace(noted, action=f"({NOTE}; {NOTE})"))),
    Change("rule: event", shop(kept), shop(replace(kept, event="update"))),
    Change("rule: fires", shop(kept), shop(replace(kept, fires="disabled"))),
    Change("rule: comment", shop(kept), shop(replace(kept, comment="c"))),
    Change(
        "rule on a view",
        shop(thick),
        shop(thick, Rule("r", "thick", "insert", "nothing", instead=True)),
    ),
    Change(
        "rule on a view rebuilt",
        shop(thick, Rule("r", "thick", "insert", "nothing", instead=True)),
        shop(
            replace(thick, query="SELECT title FROM book"),
            Rule("r", "thick", "insert", "nothing", instead=True),
        ),
    ),
    Change("column retyped under a rule", shop(noted), shop(noted, title=sa.String(40))),
    Change("statistics", shop(), shop(place)),
    Change("statistics removed", shop(place), shop()),
    Change("statistics of an expression", shop(), shop(half)),
    Change("statistics: kinds", shop(place), shop(replace(place, kinds=["dependencies"]))),
    Change("statistics: columns", shop(place), shop(replace(place, keys=["id", "title", "pages"]))),
    Change("statistics: target", shop(place), shop(replace(place, target=500))),
    Change("statistics: target removed", shop(replace(place, target=500)), shop(place)),
    Change("statistics: comment", shop(place), shop(replace(place, comment="c"))),
    Change(
        "column retyped under statistics",
        shop(replace(place, target=500, comment="c")),
        shop(replace(place, target=500, comment="c"), title=sa.String(40)),
    ),
]
