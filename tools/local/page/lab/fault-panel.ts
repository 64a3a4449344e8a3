import { byId, createElement, setText, setVisible } from '../components/dom.ts';
import type { ArmedFault, FaultList, StackControls } from '../stack/stack-controls.ts';

/** The panel that arms faults. */
export interface FaultPanel {
  /** Asks the stack anew what is armed, as after a fault has struck. */
  refresh(): void;
}

/** Builds the panel from the faults that the stack names. */
export function createFaultPanel(stack: StackControls): FaultPanel {
  const list = byId('faults', HTMLUListElement);
  const clear = byId('faults-clear', HTMLButtonElement);
  const problem = byId('faults-problem', HTMLParagraphElement);
  const buttons = new Map<string, FaultButton>();

  async function attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      render(await stack.listFaults());
      setVisible(problem, false);
    } catch (error) {
      setText(problem, error instanceof Error ? error.message : String(error));
      setVisible(problem, true);
    }
  }
  function render({ available, armed }: FaultList): void {
    for (const [name, text] of Object.entries(available)) {
      const button = buttons.get(name) ?? addButton(name, text);
      button.show(armed.find(({ fault }) => fault === name));
    }
    clear.disabled = armed.length === 0;
  }
  function addButton(name: string, text: string): FaultButton {
    const button = createFaultButton(name, text, () => {
      void attempt(() => stack.armFault({ fault: name, ...readSettings() }));
    });
    buttons.set(name, button);
    list.append(button.item);
    return button;
  }

  clear.addEventListener('click', () => void attempt(() => stack.disarmFaults()));
  return { refresh: () => void attempt(async () => undefined) };
}

function readSettings(): { times: number; value?: number } {
  const times = Number(byId('fault-times', HTMLInputElement).value);
  const value = byId('fault-value', HTMLInputElement).value;
  return { times: Math.max(1, times || 1), ...(value === '' ? {} : { value: Number(value) }) };
}

interface FaultButton {
  readonly item: HTMLLIElement;
  show(armed: ArmedFault | undefined): void;
}

function createFaultButton(name: string, text: string, onClick: () => void): FaultButton {
  const badge = createElement('span', { class: 'fault-badge' });
  const button = createElement(
    'button',
    { class: 'fault', attributes: { type: 'button', 'data-fault': name, 'data-armed': 'false' } },
    [
      createElement('span', { class: 'fault-name', text: name }),
      badge,
      createElement('span', { class: 'fault-text' }, markCode(text)),
    ],
  );
  button.addEventListener('click', onClick);
  return {
    item: createElement('li', {}, [button]),
    show(armed) {
      button.dataset['armed'] = String(armed !== undefined);
      setText(badge, armed === undefined ? 'Arm' : `Armed × ${armed.times}`);
    },
  };
}

/** Returns the nodes of `text`, in which backticks enclose code. */
function markCode(text: string): Node[] {
  return text
    .split('`')
    .map((piece, place) =>
      place % 2 === 1 ? createElement('code', { text: piece }) : document.createTextNode(piece),
    );
}
