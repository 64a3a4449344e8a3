import type { Operation } from '../../tools/openapi/operation.ts';
import { HEADERS } from '../../tools/openapi/responses.ts';
import { close, createValidators, DOCUMENT } from './validators.ts';

/** The answer of a function. */
export interface Answered {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: unknown;
}

const strict = createValidators(close(DOCUMENT));

/** Returns what the document does not say of an answer: its status, a header, or something in its body. */
export function findUndocumented(
  { method, path }: Pick<Operation, 'method' | 'path'>,
  { statusCode, headers, json }: Answered,
): readonly string[] {
  const responses = Reflect.get(Object(DOCUMENT.paths[path]?.[method]), 'responses');
  // Another method than those of the document, of which there are many.
  const status = statusCode === 405 ? 'default' : String(statusCode);
  const response: unknown = Reflect.get(Object(responses), status);
  if (response === undefined) return [`the status ${status} is not documented`];
  const documented = Object.keys(Object(Reflect.get(Object(response), 'headers')));
  const sent = Object.keys(HEADERS).filter((name) => name in headers);
  return [
    ...(statusCode >= 500 ? [`it fails: ${JSON.stringify(json)}`] : []),
    ...sent
      .filter((name) => !documented.includes(name))
      .map((name) => `the header ${name} of a ${status} is not documented`),
    ...sent.flatMap((name) => findHeaderFlaws(name, headers[name])),
    ...findBodyFlaws(['paths', path, method, 'responses', status], Object(response), headers, json),
  ];
}

function findHeaderFlaws(name: string, value: unknown): readonly string[] {
  const validate = strict('components', 'headers', name, 'schema');
  return validate?.(value) === true ? [] : [`the header ${name} is not as documented`];
}

function findBodyFlaws(
  place: readonly string[],
  { content }: { readonly content?: object },
  headers: Readonly<Record<string, string>>,
  json: unknown,
): readonly string[] {
  if (content === undefined) return json === undefined ? [] : ['it has a body'];
  const [type = ''] = String(headers['Content-Type']).split(';');
  const validate = strict(...place, 'content', type, 'schema');
  if (validate === undefined) return [`the type ${type} is not documented`];
  if (validate(json) === true) return [];
  return [`the body is not as documented: ${JSON.stringify(validate.errors?.slice(0, 3))}`];
}

/** Returns what the document does not say of a message, which is the body of a webhook. */
export function findUndocumentedMessage(message: unknown): readonly string[] {
  const type = String(Reflect.get(Object(message), 'type'));
  const name = type in DOCUMENT.webhooks ? type : 'vod.*';
  const place = ['webhooks', name, 'post', 'requestBody', 'content', 'application/json', 'schema'];
  const validate = strict(...place);
  if (validate?.(message) === true) return [];
  return [`${type} is not as documented: ${JSON.stringify(validate?.errors?.slice(0, 3))}`];
}

/** Returns the paths of the fields that an answer names. */
export function namedFields(json: unknown): readonly string[] {
  const errors: unknown = Reflect.get(Object(json), 'errors');
  if (!Array.isArray(errors)) return [];
  return errors.map((error) => String(Reflect.get(Object(error), 'path')));
}
