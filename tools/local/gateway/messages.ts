/** What the gateway sends to the process of a function instance: one call. */
export interface Call {
  readonly event: unknown;
  /** The plain part of SCF's context; the process adds the methods. */
  readonly context: Readonly<Record<string, unknown>>;
  readonly timeLimitMilliseconds: number;
}

/** What the process sends back, in this order: any number of outputs, then one result or error. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'output'; readonly text: string }
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'error'; readonly message: string };
