/**
 * A name that a user gave: in the direction of its own script, and composed, as some systems keep 한 as three letters that
 * not every font puts together.
 */
export function FileName({ name }: { readonly name: string }) {
  return <bdi>{name.normalize('NFC')}</bdi>;
}
