import * as v from 'valibot';
import { CLOUD_ACCOUNT } from './account.ts';
import { CloudError } from './cloud-error.ts';
import { defineAction } from './define-action.ts';

/** Policies that the cloud provides; real accounts have some thousand. */
const POLICIES: readonly { readonly PolicyId: number; readonly PolicyName: string }[] = [
  { PolicyId: 28341895, PolicyName: 'QcloudAccessForScfRole' },
  { PolicyId: 219188, PolicyName: 'QcloudVODFullAccess' },
  { PolicyId: 219189, PolicyName: 'QcloudVODReadOnlyAccess' },
];

const text = v.string();

/** Returns the account's id; the vendor's plugin asks for it. */
export const getUserAppId = defineAction(
  () => ({}),
  () => ({
    AppId: CLOUD_ACCOUNT.appId,
    Uin: CLOUD_ACCOUNT.uin,
    OwnerUin: CLOUD_ACCOUNT.uin,
  }),
);

/** https://cloud.tencent.com/document/product/598/34570 */
export const listPolicies = defineAction(
  (integer) => ({
    Rp: v.optional(integer, 20),
    Page: v.optional(integer, 1),
    Scope: v.optional(text),
    Keyword: v.optional(text, ''),
  }),
  (_, { Rp, Page, Keyword }) => {
    const found = POLICIES.filter(({ PolicyName }) => PolicyName.includes(Keyword));
    return {
      List: found.slice((Page - 1) * Rp, Page * Rp),
      TotalNum: found.length,
      ServiceTypeList: [],
    };
  },
);

/** https://cloud.tencent.com/document/product/598/36226 */
export const createRole = defineAction(
  () => ({
    RoleName: text,
    PolicyDocument: text,
    Description: v.optional(text),
  }),
  ({ state }, { RoleName }) => {
    if (state.roles.has(RoleName)) {
      throw new CloudError('InvalidParameter.RoleNameInUse', `role name in use: ${RoleName}`);
    }
    state.roles.set(RoleName, new Set());
    return { RoleId: '4611686018427733635' };
  },
);

/** https://cloud.tencent.com/document/product/598/36223 */
export const getRole = defineAction(
  () => ({ RoleName: text }),
  ({ state }, { RoleName }) => {
    if (!state.roles.has(RoleName)) {
      throw new CloudError('InvalidParameter.RoleNotExist', `There is no role ${RoleName}`);
    }
    return { RoleInfo: { RoleName, RoleId: '4611686018427733635' } };
  },
);

/** https://cloud.tencent.com/document/product/598/36227 */
export const attachRolePolicy = defineAction(
  (integer) => ({
    PolicyId: v.optional(integer),
    PolicyName: v.optional(text),
    AttachRoleName: text,
  }),
  ({ state }, { PolicyId, PolicyName, AttachRoleName }) => {
    const role = state.roles.get(AttachRoleName);
    if (role === undefined) {
      throw new CloudError('InvalidParameter.RoleNotExist', `There is no role ${AttachRoleName}`);
    }
    const policy = POLICIES.find(
      (known) => known.PolicyId === PolicyId || known.PolicyName === PolicyName,
    );
    if (policy === undefined) {
      throw new CloudError('ResourceNotFound.PolicyIdNotFound', 'There is no such policy');
    }
    role.add(policy.PolicyName);
    return {};
  },
);

/** https://cloud.tencent.com/document/product/1312/48195: the owner of a key. */
export const getCallerIdentity = defineAction(
  () => ({}),
  () => ({
    Arn: `qcs::cam:${CLOUD_ACCOUNT.uin}:root`,
    AccountId: CLOUD_ACCOUNT.uin,
    UserId: CLOUD_ACCOUNT.uin,
    PrincipalId: CLOUD_ACCOUNT.uin,
    Type: 'CAMUser',
  }),
);
