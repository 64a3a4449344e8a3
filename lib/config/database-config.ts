import * as v from 'valibot';

/**
 * Schema of `DATABASE_URL`, the ledger's database; what it says of a wrong one quotes nothing, since URLs hold
 * passwords.
 *
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
 */
export const databaseUrl = v.pipe(
  v.string(),
  v.check(
    isPostgresUrl,
    'must be a URL that begins with postgres:// or postgresql:// and names a host',
  ),
);

function isPostgresUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (protocol === 'postgres:' || protocol === 'postgresql:') && hostname !== '';
}
