import { byId, createElement, setText, setVisible, tableRows } from '../components/dom.ts';
import { formatRelative } from '../components/format.ts';
import type { IssuedSignature } from '../upload/upload.ts';
import { decodeSignature } from './signature-decoding.ts';

const PURPOSES: Readonly<Record<string, string>> = {
  Prepare: 'Asked for by the SDK before PrepareUploadUGC, which lists the storage regions.',
  Apply: 'Asked for by the SDK before ApplyUploadUGC, which opens the upload.',
  Renewal: 'Asked for by the SDK to renew its storage credentials.',
  Commit: 'Asked for by the SDK before CommitUploadUGC, which ends the upload.',
};

/** The panel of decoded signatures. */
export interface SignaturePanel {
  render(signatures: readonly IssuedSignature[]): void;
}

/** Builds the panel; it follows the newest signature until another one is chosen. */
export function createSignaturePanel(): SignaturePanel {
  const choice = byId('signature-choice', HTMLFieldSetElement);
  let shown: readonly IssuedSignature[] = [];
  const chips: HTMLButtonElement[] = [];
  let chosen: number | undefined;

  function render(signatures: readonly IssuedSignature[]): void {
    const isNew = signatures !== shown;
    if (!isNew) return;
    if (signatures.length < shown.length) chosen = undefined;
    shown = signatures;
    renderPanel();
  }

  function renderPanel(): void {
    const index = chosen ?? shown.length - 1;
    const current = shown[index];
    setVisible(byId('signature-empty', HTMLParagraphElement), current === undefined);
    setVisible(byId('signature-body', HTMLDivElement), current !== undefined);
    renderChoice(index);
    if (current !== undefined) renderSignature(current);
  }

  function renderChoice(index: number): void {
    while (chips.length > shown.length) chips.pop()?.remove();
    for (const [place, { purpose }] of shown.entries()) {
      const chip = chips[place] ?? addChip(place);
      setText(chip, `${place + 1} ${purpose}`);
      chip.setAttribute('aria-pressed', String(place === index));
    }
  }

  function addChip(place: number): HTMLButtonElement {
    const chip = createElement('button', { class: 'chip', attributes: { type: 'button' } });
    chip.addEventListener('click', () => {
      chosen = place;
      renderPanel();
    });
    chips.push(chip);
    choice.append(chip);
    return chip;
  }

  return { render };
}

function renderSignature({ signature, purpose }: IssuedSignature): void {
  const { mac, parameters } = decodeSignature(signature);
  const now = new Date();
  const rows = parameters.map(({ name, value, at }) => ({
    name,
    value,
    ...(at === undefined ? {} : { note: `${at.toLocaleString()} (${formatRelative(at, now)})` }),
  }));
  setText(byId('signature-purpose', HTMLParagraphElement), PURPOSES[purpose] ?? '');
  byId('signature-rows', HTMLTableSectionElement).replaceChildren(
    ...tableRows([
      {
        name: 'HMAC-SHA1',
        value: mac,
        note: '20 bytes over everything below, made with the secret key',
      },
      ...rows,
    ]),
  );
  setText(byId('signature-raw', HTMLPreElement), signature);
}
