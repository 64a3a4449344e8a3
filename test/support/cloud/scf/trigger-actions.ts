import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { CLOUD_ACCOUNT } from '../account.ts';
import { CloudError } from '../cloud-error.ts';
import { type ApiAnswer, defineAction } from '../define-action.ts';
import type { FunctionRecord, TriggerRecord } from './function-record.ts';
import { demandIdle, findFunction, formatTime } from './functions.ts';
import { readTriggerDescription } from './trigger-descriptions.ts';

/** https://cloud.tencent.com/document/product/583/11637: per type. */
const MAX_TRIGGERS = 10;
/** https://cloud.tencent.com/document/product/867/18589 */
const TRIGGER_NAME = /^[\w-]{1,100}$/;
const UPDATABLE: readonly string[] = ['timer', 'ckafka', 'http'];

const text = v.string();
const which = {
  FunctionName: text,
  Namespace: v.optional(text, 'default'),
  TriggerName: text,
  Type: text,
  Qualifier: v.optional(text, '$LATEST'),
};
const enable = v.optional(v.picklist(['OPEN', 'CLOSE']));

/** https://cloud.tencent.com/document/product/867/18589 */
export const createTrigger = defineAction(
  () => ({
    ...which,
    TriggerDesc: v.optional(text, ''),
    Enable: enable,
    CustomArgument: v.optional(text, ''),
    Description: v.optional(text, ''),
  }),
  (context, input) => {
    const record = findFunction(context, input.FunctionName, input.Namespace);
    if (!TRIGGER_NAME.test(input.TriggerName) && input.Type !== 'cos') {
      throw new CloudError('InvalidParameterValue.TriggerName', `${input.TriggerName} is no name`);
    }
    demandIdle(record, 'CreateTrigger');
    checkTriggerCount(record, input);
    const trigger: TriggerRecord = {
      ...{ type: input.Type, name: input.TriggerName, qualifier: input.Qualifier },
      description: readTriggerDescription(input.Type, input.TriggerDesc, {
        apiGateway: context.settings.apiGateway,
        newUrl: (part) =>
          `https://${CLOUD_ACCOUNT.appId}-${randomBytes(5).toString('hex')}.${part}${record.region}.tencentscf.com`,
      }),
      isOpen: input.Enable === 'OPEN',
      customArgument: input.CustomArgument,
      addTime: formatTime(context.now()),
    };
    record.triggers = [...record.triggers, trigger];
    return { TriggerInfo: describeTrigger(trigger) };
  },
);

/** https://cloud.tencent.com/document/api/583/96828: what is left out does not change. */
export const updateTrigger = defineAction(
  () => ({
    ...which,
    TriggerDesc: v.optional(text),
    Enable: enable,
    CustomArgument: v.optional(text),
    Description: v.optional(text),
  }),
  (context, input) => {
    const record = findFunction(context, input.FunctionName, input.Namespace);
    const trigger = findTrigger(record, input);
    if (!UPDATABLE.includes(input.Type)) {
      throw new CloudError('InvalidParameterValue.Type', `${input.Type} cannot be updated`);
    }
    demandIdle(record, 'UpdateTrigger');
    const changed: TriggerRecord = {
      ...trigger,
      description:
        input.TriggerDesc === undefined
          ? trigger.description
          : readTriggerDescription(input.Type, input.TriggerDesc, {
              apiGateway: context.settings.apiGateway,
              newUrl: () => extranetUrl(trigger) ?? '',
            }),
      isOpen: input.Enable === undefined ? trigger.isOpen : input.Enable === 'OPEN',
      customArgument: input.CustomArgument ?? trigger.customArgument,
    };
    record.triggers = record.triggers.map((other) => (other === trigger ? changed : other));
    return {};
  },
);

/** https://cloud.tencent.com/document/api/583/18588 */
export const deleteTrigger = defineAction(
  () => ({ ...which, TriggerDesc: v.optional(text) }),
  (context, input) => {
    const record = findFunction(context, input.FunctionName, input.Namespace);
    const trigger = findTrigger(record, input);
    demandIdle(record, 'DeleteTrigger');
    record.triggers = record.triggers.filter((other) => other !== trigger);
    return {};
  },
);

/** https://cloud.tencent.com/document/api/583/51304 */
export const listTriggers = defineAction(
  (integer) => ({
    FunctionName: text,
    Namespace: v.optional(text, 'default'),
    Offset: v.optional(integer, 0),
    Limit: v.optional(integer, 20),
    OrderBy: v.optional(text),
    Order: v.optional(text),
  }),
  (context, input) => {
    const { triggers } = findFunction(context, input.FunctionName, input.Namespace);
    const page = triggers.slice(input.Offset, input.Offset + input.Limit);
    return { Triggers: page.map(describeTrigger), TotalCount: triggers.length };
  },
);

/** Returns a trigger in the form in which it is read back. */
export function describeTrigger(trigger: TriggerRecord): ApiAnswer {
  return {
    Type: trigger.type,
    TriggerName: trigger.name,
    TriggerDesc: trigger.description,
    Enable: trigger.isOpen ? 1 : 0,
    Qualifier: trigger.qualifier,
    CustomArgument: trigger.customArgument,
    AvailableStatus: 'Available',
    AddTime: trigger.addTime,
    ModTime: trigger.addTime,
    ...{ ResourceId: '', BindStatus: '', TriggerAttribute: '' },
  };
}

/** Returns the address of a Function URL, undefined for another trigger. */
export function extranetUrl({ type, description }: TriggerRecord): string | undefined {
  if (type !== 'http') return undefined;
  const parsed: { NetConfig?: { ExtranetUrl?: string } } = JSON.parse(description);
  return parsed.NetConfig?.ExtranetUrl;
}

interface Which {
  readonly Type: string;
  readonly TriggerName: string;
  readonly Qualifier: string;
}

function findTrigger(record: FunctionRecord, { Type, TriggerName, Qualifier }: Which) {
  const found = record.triggers.find(
    ({ type, name, qualifier }) => type === Type && name === TriggerName && qualifier === Qualifier,
  );
  if (found !== undefined) return found;
  throw new CloudError(
    'ResourceNotFound.Trigger',
    `${record.name} has no trigger ${TriggerName} of type ${Type} for ${Qualifier}`,
  );
}

function checkTriggerCount(record: FunctionRecord, { Type, TriggerName, Qualifier }: Which): void {
  const ofType = record.triggers.filter(({ type }) => type === Type);
  if (record.triggers.some(({ name, type }) => name === TriggerName && type === Type)) {
    throw new CloudError('ResourceInUse.Trigger', `${TriggerName} exists already`);
  }
  // https://cloud.tencent.com/document/product/583/100227
  if (Type === 'http' && ofType.some(({ qualifier }) => qualifier === Qualifier)) {
    throw new CloudError('ResourceInUse.Trigger', `${Qualifier} has a Function URL already`);
  }
  if (ofType.length >= MAX_TRIGGERS) {
    throw new CloudError('LimitExceeded.Trigger', `There are ${MAX_TRIGGERS} of type ${Type}`);
  }
}
