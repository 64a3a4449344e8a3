import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { describeApi } from '../../tools/openapi/document.ts';
import type { JsonSchema } from '../../tools/openapi/json-schema.ts';

/** The document as others read it. */
export const DOCUMENT = JSON.parse(JSON.stringify(describeApi())) as ReturnType<typeof describeApi>;

/** Returns the validator of the schema at `path` in the document; undefined if there is no such place. */
export type FindValidator = (...path: readonly string[]) => ValidateFunction | undefined;

/** https://www.rfc-editor.org/rfc/rfc3339#section-5.6 */
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

/** Creates the validators of `document`. */
export function createValidators(document: unknown): FindValidator {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addFormat('date-time', (text) => DATE_TIME.test(text) && !Number.isNaN(Date.parse(text)));
  ajv.addFormat('uri', (text) => URL.canParse(text));
  ajv.addKeyword({
    keyword: 'x-maxBytes',
    type: 'string',
    validate: (most: number, text: string) => Buffer.byteLength(text) <= most,
  });
  ajv.addSchema({ $id: 'openapi', ...Object(document) });
  const known = new Map<string, ValidateFunction | undefined>();
  return (...path) => {
    const names = path.map((name) => name.replaceAll('~', '~0').replaceAll('/', '~1'));
    const pointer = names.map((name) => `/${encodeURIComponent(name)}`).join('');
    if (!known.has(pointer)) known.set(pointer, ajv.getSchema(`openapi#${pointer}`));
    return known.get(pointer);
  };
}

/** Returns a copy of `node` in which objects have no members but those that it names, so that none is forgotten. */
export function close(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(close);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).map(([name, value]) => [name, close(value)]);
  const {
    properties,
    additionalProperties = false,
    ...rest
  }: JsonSchema = Object.fromEntries(entries);
  return typeof properties === 'object' && rest.type === 'object'
    ? { ...rest, properties, additionalProperties }
    : Object.fromEntries(entries);
}
