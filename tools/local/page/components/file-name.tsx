/**
 * A name from a user: in the direction of its own script, and in composed form, since some systems store 한 as three
 * letters that not every font joins.
 */
export function FileName({ name }: { readonly name: string }) {
  return <bdi>{name.normalize('NFC')}</bdi>;
}
