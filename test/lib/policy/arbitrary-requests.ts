import fc from 'fast-check';

const REGIONS = ['ap-seoul', 'ap-singapore', 'ap-guangzhou'];
const PROCEDURES = ['LongVideoPreset', 'Short', 'Audio'];
const TYPES = ['mp4', 'mov', 'mp3'];
const HOSTS = ['a.example.com', 'b.a.example.com', 'example.com', 'example.org', '203.0.113.9'];
const PATTERNS = [...HOSTS, '*.example.com', '*.a.example.com'];

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 3 });
const someOf = <T>(items: readonly T[]) => fc.subarray([...items], { minLength: 1 });
const priority = fc.integer({ min: -10, max: 10 });
const small = fc.integer({ min: 1, max: 20 });

/** Omits undefined fields, as JSON does. */
function written<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return JSON.parse(JSON.stringify(value));
}

const bounds = {
  regions: maybe(someOf(REGIONS)),
  classIds: maybe(someOf([0, 1, 2])),
  procedures: maybe(someOf(PROCEDURES)),
  taskPriority: maybe(
    fc
      .tuple(priority, priority)
      .map(([one, other]) => ({ min: Math.min(one, other), max: Math.max(one, other) })),
  ),
  maxExpiresIn: maybe(fc.constantFrom(60, 3_599, 3_600, 3_601, 7_200)),
  mediaTypes: maybe(someOf(TYPES)),
  maxBytes: maybe(small),
  maxSeconds: maybe(small),
  pullHosts: maybe(someOf(PATTERNS)),
};

/** Any profile with few distinct values, so that requests often match. */
export const anyProfile = fc
  .record({ ...bounds, oneTimeRequired: maybe(fc.boolean()) })
  .map(written);

/** Any well-formed claim. */
export const anyClaim = fc
  .record({ ...bounds, oneTimeRequired: maybe(fc.constant<true>(true)) })
  .map(written);

const request = {
  classId: maybe(fc.constantFrom(0, 1, 2, 3)),
  procedure: maybe(fc.constantFrom(...PROCEDURES, 'Other')),
  storageRegion: maybe(fc.constantFrom(...REGIONS, 'ap-tokyo')),
  limits: maybe(
    fc
      .record({
        maxBytes: maybe(small),
        maxSeconds: maybe(small),
        mediaTypes: maybe(someOf(TYPES)),
      })
      .map(written),
  ),
};

/** Any signature request. */
export const anySignature = fc
  .record({
    ...request,
    taskPriority: maybe(priority),
    expiresIn: maybe(fc.constantFrom(1, 60, 3_600, 7_200)),
    oneTimeValid: maybe(fc.boolean()),
  })
  .map(written);

/** Any pull whose type is within its own limits, which the request's own check ensures. */
export const anyPull = fc
  .record({
    ...request,
    tasksPriority: maybe(priority),
    mediaUrl: fc.constantFrom(...HOSTS).map((host) => `https://${host}/a.mp4`),
    coverUrl: maybe(fc.constantFrom(...HOSTS).map((host) => `https://${host}/a.png`)),
    mediaType: fc.constantFrom(...TYPES),
  })
  .map(({ limits, mediaUrl, mediaType, ...rest }) => {
    const types = limits?.mediaTypes;
    const allowed = types === undefined ? undefined : [...new Set([...types, mediaType])];
    const own = limits === undefined ? undefined : { ...limits, mediaTypes: allowed };
    return { ...written({ ...rest, limits: own }), mediaUrl, mediaType };
  });
