/** A fact with its name and a remark. */
export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly note?: string;
}

/** Facts as a table of two columns. */
export function FactsTable({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <table class="facts">
      <tbody>
        {facts.map(({ name, value, note }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <span class="value">{value}</span>
              {note !== undefined && <span class="hint">{note}</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
