import * as v from 'valibot';
import { itemId, runRequest, stepRequest } from '../../lib/pulls/run-request.ts';
import { progressReport } from '../../lib/uploads/report-progress.ts';
import { limitFields, UPLOAD_ID, uploadLimits } from '../../lib/validation/fields.ts';
import { MAX_PULL_ITEMS } from '../../lib/validation/limits.ts';
import { pullItem } from '../../lib/validation/pull-request.ts';
import { signatureRequest } from '../../lib/validation/signature-request.ts';
import manifest from '../../package.json' with { type: 'json' };
import { ANSWER_PARTS } from './answer-parts.ts';
import { APP_OPERATIONS } from './app-operations.ts';
import { describeAnswer, describeRequest, type JsonSchema } from './json-schema.ts';
import { type Operation, refer } from './operation.ts';
import { OPERATOR_OPERATIONS } from './operator-operations.ts';
import { exampleOf, PROBLEM_CODES } from './problems.ts';
import { describeResponses, HEADERS } from './responses.ts';
import { RUN_OPERATIONS } from './run-operations.ts';
import { describeFields, LIMIT_TEXTS, PULL_TEXTS, REPORT_TEXTS, SIGNATURE_TEXTS } from './texts.ts';
import { describeWebhooks, WEBHOOK_COMPONENTS, WEBHOOK_PARTS } from './webhooks.ts';

/** Every operation, in the order of the documents. */
export const OPERATIONS: readonly Operation[] = [
  ...APP_OPERATIONS,
  ...RUN_OPERATIONS,
  ...OPERATOR_OPERATIONS,
];

/** A document of OpenAPI: https://spec.openapis.org/oas/v3.1.1. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly webhooks: Readonly<Record<string, object>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly [part: string]: object;
  };
}

/** Returns the document of everything that the functions accept, answer and send. */
export function describeApi(): OpenApiDocument & Readonly<Record<string, unknown>> {
  return {
    openapi: '3.1.1',
    info: {
      title: 'VOD upload backend',
      version: manifest.version,
      summary: manifest.description,
      description: INTRODUCTION,
      license: { name: manifest.license, identifier: manifest.license },
    },
    servers: [
      { url: 'http://localhost:3000', description: 'The local stack: npm start.' },
      {
        url: 'https://{host}',
        description: 'In the cloud each function has a host of its own.',
        variables: { host: { default: 'your-function.tencentscf.com' } },
      },
    ],
    tags: TAGS,
    security: [{ caller: [] }],
    paths: describePaths(),
    webhooks: describeWebhooks(),
    components: {
      schemas: describeSchemas(),
      examples: Object.fromEntries(PROBLEM_CODES.map((code) => [code, { value: exampleOf(code) }])),
      headers: HEADERS,
      parameters: { ...PARAMETERS, ...WEBHOOK_COMPONENTS.parameters },
      responses: WEBHOOK_COMPONENTS.responses,
      securitySchemes: {
        caller: {
          ...{ type: 'http', scheme: 'bearer' },
          description:
            'A token of your identity provider, whose `scope` names the rights, or an API key.',
        },
      },
    },
  };
}

const INTRODUCTION = `Uploads to Tencent Cloud VOD: signatures, pulls by URL, the state of uploads, and what your backend is told.

In requests an optional field that is \`null\` counts as left out, an unknown field is refused, and lengths in \`x-maxBytes\` are bytes in UTF-8. Times are ISO 8601 with a zone. Answers and messages may have further fields in a later version. A \`HEAD\` has the same answer as its \`GET\`, without the body.`;

const TAGS = [
  { name: 'Apps', description: 'What apps and their servers call.' },
  { name: 'Operators', description: 'What was not delivered, or was set aside.' },
  { name: 'VOD', description: 'What VOD calls.' },
  { name: 'Messages', description: 'What your backend receives, as Standard Webhooks.' },
];

const PARAMETERS = {
  uploadId: {
    ...{ name: 'uploadId', in: 'path', required: true },
    schema: { type: 'string', pattern: UPLOAD_ID.source },
    description: 'id of the upload',
  },
  runId: {
    ...{ name: 'runId', in: 'path', required: true },
    schema: { type: 'string', pattern: UPLOAD_ID.source },
    description: 'id of the run',
  },
  eventId: {
    ...{ name: 'eventId', in: 'path', required: true },
    schema: { type: 'string' },
    description: 'id of the event',
  },
  endpoint: {
    ...{ name: 'endpoint', in: 'path', required: true },
    schema: { type: 'string', minLength: 1 },
    description: 'id of the endpoint',
  },
  'Idempotency-Key': {
    ...{ name: 'Idempotency-Key', in: 'header' },
    schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
    description:
      'the same key and body give the same upload; the items of a batch have keys by position, `<key>/0` and so on',
  },
  'If-None-Match': {
    ...{ name: 'If-None-Match', in: 'header' },
    schema: { type: 'string' },
    description: 'ETag of the answer that the caller has: 304 if it would be the same',
  },
};

function describeSchemas(): Readonly<Record<string, JsonSchema>> {
  const parts = { Limits: uploadLimits };
  const pull = describeRequest(pullItem, describeFields(PULL_TEXTS), parts);
  const answers = Object.entries(ANSWER_PARTS).map(([name, schema]) => {
    const { [name]: _itself, ...others } = ANSWER_PARTS;
    return [name, describeAnswer(schema, others)];
  });
  return {
    SignatureRequest: describeRequest(signatureRequest, describeFields(SIGNATURE_TEXTS), parts),
    PullRequest: pull,
    PullBatch: describeItems(refer('PullRequest'), {}),
    RunRequest: describeRequest(runRequest, { name: 'of the run: the same name is the same run' }),
    RunPull: describeRequest(
      v.object({ id: itemId, ...v.omit(pullItem, ['idempotencyKey']).entries }),
      { ...describeFields(PULL_TEXTS), id: 'your own name for the source; it is the key' },
      parts,
    ),
    RunItems: describeItems(refer('RunPull'), {
      retry: {
        type: ['boolean', 'null'],
        description: 'whether those that failed or expired without a file are attempted again',
      },
    }),
    RunStep: describeRequest(stepRequest, { cursor: 'of the answer before' }),
    ProgressReport: describeRequest(progressReport, REPORT_TEXTS),
    Limits: describeRequest(limitFields, LIMIT_TEXTS),
    VodNotification: NOTIFICATION,
    Nothing: describeRequest(v.object({}), {}),
    ...Object.fromEntries(answers),
    ...WEBHOOK_PARTS,
  };
}

function describeItems(
  items: JsonSchema,
  others: Readonly<Record<string, JsonSchema>>,
): JsonSchema {
  return {
    type: 'object',
    properties: {
      items: {
        ...{ type: 'array', items, minItems: 1, maxItems: MAX_PULL_ITEMS },
        description: 'pulls, each with its own result',
      },
      ...others,
    },
    ...{ required: ['items'], additionalProperties: false },
  };
}

const NOTIFICATION: JsonSchema = {
  type: 'object',
  description: 'as VOD sends it; the other members depend on EventType',
  properties: {
    EventType: { type: 'string', description: 'type of the event' },
    Sign: { type: 'string', description: 'MD5 of SignKey and T; or in the query, or a header' },
    T: { type: ['integer', 'string'], description: 'Unix seconds until which Sign is valid' },
  },
  additionalProperties: true,
};

function describePaths(): OpenApiDocument['paths'] {
  const paths = new Set(OPERATIONS.map(({ path }) => path));
  const methodsOf = (path: string) => OPERATIONS.filter((each) => each.path === path);
  return Object.fromEntries(
    [...paths].map((path) => [
      path,
      Object.fromEntries(methodsOf(path).map((each) => [each.method, describeOperation(each)])),
    ]),
  );
}

function describeOperation(operation: Operation): object {
  const { id, tag, summary, description, scope, path, headers = [], query = {}, body } = operation;
  const names = [...Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = '']) => name), ...headers];
  const parameters = [
    ...names.map((name) => ({ $ref: `#/components/parameters/${name}` })),
    ...Object.entries(query).map(([name, { description: text, ...schema }]) => ({
      ...{ name, in: 'query', description: text, schema },
    })),
  ];
  return {
    ...{ operationId: id, tags: [tag], summary, description },
    security: scope === undefined ? [] : [{ caller: [scope] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: describeBody(body) }),
    responses: describeResponses(operation),
  };
}

function describeBody({ schema, examples, optional }: NonNullable<Operation['body']>): object {
  const values = Object.entries(examples).map(([name, value]) => [name, { value }]);
  return {
    required: optional !== true,
    content: { 'application/json': { schema, examples: Object.fromEntries(values) } },
  };
}
