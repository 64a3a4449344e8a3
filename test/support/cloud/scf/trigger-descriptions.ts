import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { CLOUD_ACCOUNT } from '../account.ts';
import { CloudError } from '../cloud-error.ts';

interface DescriptionContext {
  readonly apiGateway: boolean;
  /** Returns a new address; `part` is before the region. */
  readonly newUrl: (part: '' | 'in.') => string;
}

/** https://cloud.tencent.com/document/product/583/9708: second, minute, hour, day, month, weekday, year. */
const CRON_FIELDS: readonly RegExp[] = [
  /^[\d*/,-]+$/,
  /^[\d*/,-]+$/,
  /^[\d*/,-]+$/,
  /^[\d*/,-]+$/,
  /^[\dA-Z*/,-]+$/,
  /^[\dA-Z*/,-]+$/,
  /^[\d*/,-]+$/,
];

/** https://cloud.tencent.com/document/product/583/100227; `ApiGwCompatible` and `EnableSimpleMode` are not documented. */
const FUNCTION_URL = v.strictObject({
  AuthType: v.picklist(['NONE', 'CAM']),
  NetConfig: v.strictObject({ EnableIntranet: v.boolean(), EnableExtranet: v.boolean() }),
  CorsConfig: v.optional(
    v.strictObject({
      Enable: v.boolean(),
      Origins: v.optional(v.array(v.string())),
      Methods: v.optional(v.array(v.string())),
      Headers: v.optional(v.array(v.string())),
      ExposeHeaders: v.optional(v.array(v.string())),
      MaxAge: v.optional(v.number()),
      Credentials: v.optional(v.boolean()),
    }),
  ),
  ApiGwCompatible: v.optional(v.boolean()),
  EnableSimpleMode: v.optional(v.boolean()),
});

/** https://cloud.tencent.com/document/product/583/39901 */
const API_GATEWAY = v.object({
  // What is not checked here is read back as it was sent.
  api: v.looseObject({
    authRequired: v.optional(v.picklist(['TRUE', 'FALSE'])),
    requestConfig: v.object({ method: v.string(), path: v.optional(v.string()) }),
    isIntegratedResponse: v.optional(v.picklist(['TRUE', 'FALSE'])),
  }),
  service: v.union([v.object({ serviceName: v.string() }), v.object({ serviceId: v.string() })]),
  release: v.object({ environmentName: v.picklist(['release', 'prepub', 'test']) }),
});

/**
 * Returns the form in which a trigger's `TriggerDesc` is read back.
 *
 * @throws CloudError if the platform does not accept the type or the description.
 */
export function readTriggerDescription(
  type: string,
  sent: string,
  context: DescriptionContext,
): string {
  switch (type) {
    case 'timer':
      return JSON.stringify({ cron: readCron(sent) });
    case 'http':
      return readFunctionUrl(sent, context);
    case 'apigw':
      return readApiGateway(sent, context);
    case 'cos':
    case 'ckafka':
      return JSON.stringify(parseJson(sent));
    default:
      throw new CloudError('InvalidParameterValue.Type', `There are no triggers of type ${type}`);
  }
}

function readCron(sent: string): string {
  const fields = sent.trim().split(/\s+/);
  // The older form has neither seconds nor a year.
  const all = fields.length === 5 ? ['0', ...fields, '*'] : fields;
  const isCron =
    all.length === CRON_FIELDS.length &&
    CRON_FIELDS.every((field, at) => field.test(all[at] ?? ''));
  if (isCron) return all.join(' ');
  throw new CloudError('InvalidParameterValue.TriggerDesc', `This is no cron expression: ${sent}`);
}

function readFunctionUrl(sent: string, { newUrl }: DescriptionContext): string {
  const result = v.safeParse(FUNCTION_URL, parseJson(sent));
  if (!result.success) throw wrongDescription(result.issues[0]);
  const { NetConfig } = result.output;
  return JSON.stringify({
    ...result.output,
    NetConfig: {
      ...NetConfig,
      IntranetUrl: NetConfig.EnableIntranet ? newUrl('in.') : '',
      ExtranetUrl: NetConfig.EnableExtranet ? newUrl('') : '',
    },
  });
}

function readApiGateway(sent: string, { apiGateway }: DescriptionContext): string {
  if (!apiGateway) {
    throw new CloudError(
      'UnsupportedOperation.Trigger',
      'API Gateway has been discontinued, new triggers cannot be created',
    );
  }
  const result = v.safeParse(API_GATEWAY, parseJson(sent));
  if (!result.success) throw wrongDescription(result.issues[0]);
  const { api, service, release } = result.output;
  const serviceId =
    'serviceId' in service ? service.serviceId : `service-${randomBytes(4).toString('hex')}`;
  return JSON.stringify({
    api: { ...api, apiId: `api-${randomBytes(4).toString('hex')}` },
    service: {
      serviceName: 'SCF_API_SERVICE',
      serviceId,
      subDomain: `https://${serviceId}-${CLOUD_ACCOUNT.appId}.gz.apigw.tencentcs.com/${release.environmentName}${api.requestConfig.path ?? '/'}`,
    },
    release,
  });
}

function wrongDescription(issue: v.BaseIssue<unknown>): CloudError {
  return new CloudError(
    'InvalidParameterValue.TriggerDesc',
    `TriggerDesc is wrong at ${v.getDotPath(issue) ?? 'its root'}: ${issue.message}`,
  );
}

function parseJson(sent: string): unknown {
  const result = v.safeParse(v.pipe(v.string(), v.parseJson()), sent);
  if (result.success) return result.output;
  throw new CloudError('InvalidParameterValue.TriggerDesc', 'TriggerDesc is not JSON');
}
