import * as v from 'valibot';
import { CloudError } from './cloud-error.ts';
import type { CloudState } from './cloud-state.ts';
import { defineAction } from './define-action.ts';
import { functionResource } from './scf/function-record.ts';

const text = v.string();

/** https://cloud.tencent.com/document/product/651/35321 */
export const describeResourceTags = defineAction(
  (integer) => ({
    ServiceType: text,
    ResourcePrefix: text,
    ResourceIds: v.array(text),
    ResourceRegion: text,
    Offset: v.optional(integer, 0),
    Limit: v.optional(integer, 15),
  }),
  ({ state }, { ServiceType, ResourcePrefix, ResourceIds, ResourceRegion, Offset, Limit }) => {
    const all = ResourceIds.flatMap((id) => {
      const resource = `qcs::${ServiceType}:${ResourceRegion}::${ResourcePrefix}/${id}`;
      return [...(state.tags.get(resource) ?? [])].map(([TagKey, TagValue]) => ({
        ...{ TagKey, TagValue, ResourceId: id, ServiceType },
        ...{ TagKeyMd5: '', TagValueMd5: '' },
      }));
    });
    return {
      Tags: all.slice(Offset, Offset + Limit),
      ...{ TotalCount: all.length, Offset, Limit },
    };
  },
);

/** https://cloud.tencent.com/document/product/651/35322 */
export const modifyResourceTags = defineAction(
  () => ({
    Resource: text,
    ReplaceTags: v.optional(v.array(v.strictObject({ TagKey: text, TagValue: text })), []),
    DeleteTags: v.optional(v.array(v.strictObject({ TagKey: text })), []),
  }),
  ({ state }, { Resource, ReplaceTags, DeleteTags }) => {
    if (!isResource(state, Resource)) {
      throw new CloudError('InvalidParameterValue.ResourceDescriptionInvalid', Resource);
    }
    const tags = new Map(state.tags.get(Resource));
    for (const { TagKey } of DeleteTags) tags.delete(TagKey);
    for (const { TagKey, TagValue } of ReplaceTags) tags.set(TagKey, TagValue);
    state.tags.set(Resource, tags);
    return {};
  },
);

function isResource({ functions }: CloudState, resource: string): boolean {
  return [...functions.values()].some((record) => functionResource(record) === resource);
}
