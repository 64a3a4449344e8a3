import * as v from 'valibot';

const optionalText = v.optional(v.nullable(v.string()));

/** The cloud's description of a function, as far as it is read: https://cloud.tencent.com/document/product/583/18584. */
export const functionState = v.object({
  FunctionName: v.string(),
  Status: v.string(),
  StatusDesc: optionalText,
  Description: optionalText,
  Handler: optionalText,
  Runtime: optionalText,
  Role: optionalText,
  ModTime: optionalText,
  MemorySize: v.optional(v.nullable(v.number())),
  Timeout: v.optional(v.nullable(v.number())),
  VpcConfig: v.optional(v.nullable(v.object({ VpcId: optionalText, SubnetId: optionalText }))),
  PublicNetConfig: v.optional(v.nullable(v.object({ PublicNetStatus: optionalText }))),
  Environment: v.optional(
    v.nullable(
      v.object({
        Variables: v.optional(
          v.nullable(v.array(v.object({ Key: v.string(), Value: v.string() }))),
        ),
      }),
    ),
  ),
});

/** A function as the cloud has it. */
export type FunctionState = v.InferOutput<typeof functionState>;
