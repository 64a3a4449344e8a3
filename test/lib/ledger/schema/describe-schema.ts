import type { Sql } from 'postgres';

/** Queries of what a dump of a schema says, each with one text for each thing; what differs between two runs is left out. */
const PARTS = {
  tables: `select c.relname || ' ' || c.relkind::text || ' ' || coalesce(array_to_string(c.reloptions, ','), '') as text
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')`,
  columns: `select a.attrelid::regclass || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
      || case when a.attnotnull then ' not null' else '' end || case when a.attidentity <> '' then ' identity' else '' end
      || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') as text
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped`,
  constraints: `select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
      || case when convalidated then '' else ' not valid' end as text
    from pg_constraint where connamespace = 'public'::regnamespace and conrelid <> 0`,
  indexes: `select pg_get_indexdef(i.indexrelid) || case when i.indisvalid and i.indisready then '' else ' invalid' end as text
    from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace = 'public'::regnamespace`,
  functions: `select pg_get_functiondef(oid) as text from pg_proc where pronamespace = 'public'::regnamespace`,
  triggers: `select pg_get_triggerdef(oid) as text from pg_trigger where not tgisinternal`,
  migrations: `select name || ' ' || checksum as text from migrations`,
} as const;

/** What is in a schema, by kind, in alphabetical order. */
export type SchemaDescription = Readonly<Record<keyof typeof PARTS, readonly string[]>>;

/** Returns what is in the public schema of the database of `sql`, and which migrations it has had. */
export async function describeSchema(sql: Sql): Promise<SchemaDescription> {
  const list = async (query: string) => {
    const rows = await sql.unsafe<{ text: string }[]>(query);
    return rows.map(({ text }) => text).sort();
  };
  return {
    tables: await list(PARTS.tables),
    columns: await list(PARTS.columns),
    constraints: await list(PARTS.constraints),
    indexes: await list(PARTS.indexes),
    functions: await list(PARTS.functions),
    triggers: await list(PARTS.triggers),
    migrations: await list(PARTS.migrations),
  };
}
