/**
 * The types of event that the emulator sends, with the member of `EventContent` for each:
 * https://cloud.tencent.com/document/product/266/31773. The names follow no rule.
 */
const MEMBER_OF = {
  NewFileUpload: 'FileUploadEvent',
  ProcedureStateChanged: 'ProcedureStateChangeEvent',
  FileDeleted: 'FileDeleteEvent',
  PullComplete: 'PullCompleteEvent',
} as const;

/** A type of event that the emulator sends. */
export type EventType = keyof typeof MEMBER_OF;

/**
 * Returns an event as it is pushed; a pulled one has its `EventHandle` in addition. In both modes, members that are null
 * are left out at every depth, unlike in the answers of the API: https://cloud.tencent.com/document/product/266/33950.
 */
export function buildEventContent(
  eventType: EventType,
  payload: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const event = { EventType: eventType, [MEMBER_OF[eventType]]: payload };
  return JSON.parse(JSON.stringify(event, (_name, value) => value ?? undefined));
}
