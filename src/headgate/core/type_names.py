"""Types as an engine writes them, of however people write them: two names of one type come out as one."""

from __future__ import annotations

from headgate.core.postgres_type_names import postgres_type

_SYNONYMS = {
    "INT": "INTEGER", "INT4": "INTEGER", "SIGNED": "INTEGER", "INT8": "BIGINT", "LONG": "BIGINT", "INT2": "SMALLINT",
    "SHORT": "SMALLINT", "INT1": "TINYINT", "TEXT": "VARCHAR", "STRING": "VARCHAR", "CHAR": "VARCHAR",
    "BPCHAR": "VARCHAR", "FLOAT8": "DOUBLE", "DOUBLE PRECISION": "DOUBLE", "FLOAT4": "FLOAT", "REAL": "FLOAT",
    "BOOL": "BOOLEAN", "LOGICAL": "BOOLEAN", "NUMERIC": "DECIMAL(18,3)", "DECIMAL": "DECIMAL(18,3)",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE", "DATETIME": "TIMESTAMP", "BYTEA": "BLOB", "VARBINARY": "BLOB",
}  # fmt: skip


def type_key(type_: str, dialect: str = "duckdb") -> str:
    """Return a type as the engine writes it, of however people write it.

    >>> type_key("numeric(10, 2)")
    'DECIMAL(10,2)'
    """
    if dialect == "postgres":
        return postgres_type(type_)
    folded = " ".join(type_.upper().split()).replace(", ", ",").replace("NUMERIC(", "DECIMAL(")
    return _SYNONYMS.get(folded, folded)
