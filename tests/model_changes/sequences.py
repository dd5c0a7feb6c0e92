"""Changes of sequences."""

from __future__ import annotations

import sqlalchemy as sa

from model_changes.building import Change, n, nothing, sequence, table

plain = sequence()


def counting(metadata):
    """A column that counts with a sequence."""
    numbers = sa.Sequence("numbers", metadata=metadata)
    table(lambda: sa.Column("n", sa.BigInteger, numbers, server_default=numbers.next_value()))(
        metadata
    )


CHANGES = [
    Change("sequence", nothing, plain),
    Change("sequence removed", plain, nothing),
    Change(
        "sequence with options",
        nothing,
        sequence(start=100, increment=5, maxvalue=1000, cycle=True),
    ),
    Change("sequence: start", plain, sequence(start=100)),
    Change("sequence: increment", plain, sequence(increment=3)),
    Change("sequence: smallest", plain, sequence(minvalue=-10, start=1)),
    Change("sequence: largest", plain, sequence(maxvalue=99)),
    Change("sequence: limits removed", sequence(minvalue=-10, maxvalue=99, start=1), plain),
    Change("sequence: cache", plain, sequence(cache=10)),
    Change("sequence: cycle", plain, sequence(cycle=True)),
    Change("sequence: cycle removed", sequence(cycle=True), plain),
    Change("sequence: type", plain, sequence(data_type=sa.SmallInteger)),
    Change("sequence: wider type", sequence(data_type=sa.Integer), plain),
    Change(
        "sequence: downwards",
        plain,
        sequence(increment=-1, start=-1, minvalue=-100, maxvalue=-1),
    ),
    Change("sequence: name that needs quotes", nothing, sequence('Num"bers %')),
    Change("sequence as default of a new column", nothing, counting),
    Change("sequence as default", n(sa.BigInteger), counting),
    Change("sequence as default removed", counting, n(sa.BigInteger)),
]
