"""Tables beside tables: made alike in a schema of their own, and put in the place of the live ones.

All that hangs on a live table is made again on the new one: keys and indexes under their names, comments,
storage, grants, and the views that read it.
"""

from collections.abc import Iterable
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.sql import SQL, Identifier

KEYS = """
    SELECT format('ALTER TABLE %%I.%%I ADD CONSTRAINT %%I %%s',
                  %(schema)s::text, relname, conname, pg_get_constraintdef(con.oid))
      FROM pg_constraint AS con JOIN pg_class ON pg_class.oid = conrelid
     WHERE conrelid = %(table)s::regclass AND contype IN ('p', 'u', 'x')
    """
INDEXES = """
    SELECT replace(pg_get_indexdef(indexrelid), ' ON public.', format(' ON %%I.', %(schema)s::text))
      FROM pg_index
     WHERE indrelid = %(table)s::regclass
       AND indexrelid NOT IN (SELECT conindid FROM pg_constraint WHERE conrelid = indrelid)
    """
COMMENTS = """
    SELECT format('COMMENT ON TABLE %%s IS %%L', oid::regclass, said)
      FROM pg_class, obj_description(oid, 'pg_class') AS said
     WHERE oid = %(table)s::regclass AND said IS NOT NULL
    UNION ALL
    SELECT format('COMMENT ON INDEX %%s IS %%L', indexrelid::regclass, said)
      FROM pg_index, obj_description(indexrelid, 'pg_class') AS said
     WHERE indrelid = %(table)s::regclass AND said IS NOT NULL
    UNION ALL
    SELECT format('COMMENT ON CONSTRAINT %%I ON %%s IS %%L', conname, conrelid::regclass, said)
      FROM pg_constraint, obj_description(oid, 'pg_constraint') AS said
     WHERE conrelid = %(table)s::regclass AND said IS NOT NULL
    """
STORAGE = """
    SELECT format('ALTER TABLE %%s SET (%%s)', oid::regclass, array_to_string(reloptions, ', '))
      FROM pg_class WHERE oid = %(table)s::regclass AND reloptions IS NOT NULL
    """
GRANTS = """
    SELECT format('GRANT %%s ON %%s TO %%s%%s', privilege_type, oid::regclass,
                  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
                  CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM pg_class, aclexplode(relacl)
     WHERE oid = %(table)s::regclass AND grantee <> relowner
    """
VIEWS = """
    SELECT DISTINCT format('CREATE OR REPLACE VIEW %%s %%s AS %%s', view.oid::regclass,
                           'WITH (' || array_to_string(view.reloptions, ', ') || ')',
                           pg_get_viewdef(view.oid))
      FROM pg_depend
      JOIN pg_rewrite ON pg_rewrite.oid = objid AND classid = 'pg_rewrite'::regclass
      JOIN pg_class AS view ON view.oid = ev_class AND view.relkind = 'v'
     WHERE refclassid = 'pg_class'::regclass AND refobjid = %(table)s::regclass
    """
HANGING_ON: tuple[LiteralString, ...] = (COMMENTS, STORAGE, GRANTS, VIEWS)


def lay_out(connection: Connection[Any], schema: str, tables: Iterable[str]) -> None:
    """Empty tables alike, with the keys that the statements need."""
    connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
    for table in tables:
        connection.execute(
            SQL("CREATE TABLE {}.{} (LIKE public.{} INCLUDING ALL EXCLUDING INDEXES)").format(
                Identifier(schema), Identifier(table), Identifier(table)
            )
        )
        _make(connection, _described(connection, KEYS, table, schema))


def index(connection: Connection[Any], schema: str, tables: Iterable[str]) -> None:
    """The other indexes, once the rows are there: that is several times faster."""
    for table in tables:
        with connection.transaction():
            _make(connection, _described(connection, INDEXES, table, schema))
            connection.execute(SQL("ANALYZE {}.{}").format(Identifier(schema), Identifier(table)))


def put_in_place(connection: Connection[Any], schema: str, tables: tuple[str, ...]) -> None:
    """Within a transaction: the new ones become the live ones, and the old ones are no more."""
    old = f"{schema}_old"
    connection.execute(SQL("SET LOCAL search_path = public"))
    connection.execute(
        SQL("LOCK TABLE {}").format(SQL(", ").join(Identifier("public", table) for table in tables))
    )
    hanging = [
        each
        for table in tables
        for query in HANGING_ON
        for each in _described(connection, query, table, schema)
    ]
    connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(old)))
    for table in tables:
        for where, to in (("public", old), (schema, "public")):
            connection.execute(
                SQL("ALTER TABLE {} SET SCHEMA {}").format(Identifier(where, table), Identifier(to))
            )
    _make(connection, hanging)
    for table in tables:
        connection.execute(SQL("DROP TABLE {}").format(Identifier(old, table)))
    connection.execute(SQL("DROP SCHEMA {}, {}").format(Identifier(schema), Identifier(old)))


def _described(connection: Connection[Any], query: LiteralString, table: str, schema: str) -> list[str]:
    """What hangs on the live table, as the statements that make it."""
    rows = connection.execute(query, {"table": f"public.{table}", "schema": schema}).fetchall()
    return [statement for (statement,) in rows]


def _make(connection: Connection[Any], statements: Iterable[str]) -> None:
    for statement in statements:
        connection.execute(statement.encode())  # from the catalog, quoted there
