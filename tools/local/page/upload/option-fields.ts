import { createField, createInput, createSelect } from '../components/field.ts';

/** Returns the rows of the options form; each has an output for what the function says against its field. */
export function createOptionFields(): HTMLElement[] {
  return [
    {
      name: 'storageRegion',
      label: 'Storage region',
      input: createSelect([['', 'Fastest (the SDK races them)']]),
    },
    {
      name: 'classId',
      label: 'Class ID',
      input: createInput({ type: 'number', step: '1', inputmode: 'numeric', placeholder: '0' }),
    },
    {
      name: 'procedure',
      label: 'Procedure',
      input: createInput({ list: 'procedure-names', placeholder: 'None' }),
      suggestions: ['LongVideoPreset', 'SimpleAesEncryptPreset'],
      hint: 'Processing is simulated here.',
    },
    {
      name: 'taskNotifyMode',
      label: 'Procedure events',
      input: createSelect([
        ['', 'As VOD decides'],
        ['Finish', 'Finish: one, at the end'],
        ['Change', 'Change: one per step'],
        ['None', 'None'],
      ]),
    },
    {
      name: 'mediaExpireTime',
      label: 'Delete the media after',
      input: createInput({ type: 'datetime-local' }),
    },
    {
      name: 'expiresIn',
      label: 'Signature life, seconds',
      input: createInput({ type: 'number', step: '1', inputmode: 'numeric', placeholder: '3600' }),
    },
    {
      name: 'sourceContext',
      label: 'Source context',
      input: createInput({}),
      hint: 'Comes back in the event. The function’s own envelope needs a part of the 250 bytes.',
      isWide: true,
    },
  ].map(createField);
}
