import * as v from 'valibot';
import { defineAction } from './define-action.ts';

const text = v.string();

/** https://cloud.tencent.com/document/product/248/31014: there are no data yet. */
export const getMonitorData = defineAction(
  (integer) => ({
    Namespace: text,
    MetricName: text,
    Instances: v.array(
      v.strictObject({ Dimensions: v.array(v.strictObject({ Name: text, Value: text })) }),
    ),
    Period: v.optional(integer, 300),
    StartTime: v.optional(text, ''),
    EndTime: v.optional(text, ''),
  }),
  (_, { MetricName, Instances, Period, StartTime, EndTime }) => ({
    ...{ MetricName, Period, StartTime, EndTime },
    DataPoints: Instances.map(({ Dimensions }) => ({ Dimensions, Timestamps: [], Values: [] })),
  }),
);
