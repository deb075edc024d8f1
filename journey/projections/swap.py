"""Tables beside tables: made alike in a schema of their own, and put in the place of the live ones.

All that hangs on a live table is made again on the new one: keys and indexes under their names, comments,
storage, owner, grants, triggers, foreign keys, and the views that read it. What cannot follow is named, and
the table left as it is.
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
OWNER = """
    SELECT format('ALTER TABLE %%s OWNER TO %%I', oid::regclass, pg_get_userbyid(relowner))
      FROM pg_class WHERE oid = %(table)s::regclass AND relowner <> current_user::regrole
    """
FOREIGN_KEYS = """
    SELECT format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,
                  pg_get_constraintdef(oid))
      FROM pg_constraint WHERE conrelid = %(table)s::regclass AND contype = 'f'
    """
TRIGGERS = """
    SELECT said
      FROM pg_trigger
      CROSS JOIN LATERAL (
           SELECT 1, pg_get_triggerdef(oid)
           UNION ALL
           SELECT 2, format('ALTER TABLE %%s %%s TRIGGER %%I', tgrelid::regclass,
                            CASE tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                                           ELSE 'ENABLE ALWAYS' END, tgname)
            WHERE tgenabled <> 'O'
           ) AS made (place, said)
     WHERE tgrelid = %(table)s::regclass AND NOT tgisinternal
     ORDER BY pg_trigger.oid, place
    """
GRANTS = """
    SELECT format('GRANT %%s ON %%s TO %%s%%s', privilege_type, oid::regclass,
                  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
                  CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM pg_class, aclexplode(relacl)
     WHERE oid = %(table)s::regclass AND grantee <> relowner
    UNION ALL
    SELECT format('GRANT %%s (%%I) ON %%s TO %%s%%s', privilege_type, attname, attrelid::regclass,
                  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
                  CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM pg_attribute, aclexplode(attacl)
     WHERE attrelid = %(table)s::regclass
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
HANGING_ON: tuple[LiteralString, ...] = (*(COMMENTS, STORAGE, OWNER, GRANTS, FOREIGN_KEYS, TRIGGERS, VIEWS),)
CANNOT_FOLLOW = """
    WITH own AS (SELECT %(table)s::regclass::oid AS id)
    SELECT DISTINCT pg_describe_object(classid, objid, 0)
      FROM own
      JOIN pg_depend ON (refclassid, refobjid) = ('pg_class'::regclass, own.id)
        OR refclassid = 'pg_type'::regclass AND refobjid IN (
           SELECT unnest(ARRAY[pg_type.oid, typarray]) FROM pg_type WHERE typrelid = own.id)
     WHERE deptype IN ('n', 'a')
       AND NOT (deptype = 'a' AND classid = 'pg_class'::regclass)
       AND classid NOT IN ('pg_attrdef'::regclass, 'pg_statistic_ext'::regclass)
       AND (classid, objid) NOT IN (
           SELECT tableoid, oid FROM pg_constraint WHERE conrelid = own.id
           UNION ALL SELECT tableoid, oid FROM pg_trigger WHERE tgrelid = own.id)
       AND (classid, objid) NOT IN (
           SELECT pg_rewrite.tableoid, pg_rewrite.oid
             FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class AND relkind = 'v')
     ORDER BY 1
    """
"""A materialised view, a foreign key of another table, a policy, a publication …"""


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


def what_cannot_follow(connection: Connection[Any], tables: Iterable[str]) -> list[str]:
    """What hangs on a live table and not on its name, in the words of the catalog."""
    return [each for table in tables for each in _described(connection, CANNOT_FOLLOW, table, "public")]


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
