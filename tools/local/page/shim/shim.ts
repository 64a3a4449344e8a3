import { localAddress } from './local-address.ts';

type RequestArguments = [input: RequestInfo | URL, init?: RequestInit];

/** The origin of this script, so that a page of another origin can load it, too. */
const origin = readOwnOrigin();

function readOwnOrigin(): string {
  const script = document.currentScript;
  return script instanceof HTMLScriptElement && script.src !== ''
    ? new URL(script.src).origin
    : location.origin;
}

function toLocal<T>(input: T): T | string {
  if (typeof input === 'string' || input instanceof URL) return localAddress(String(input), origin);
  return input;
}

XMLHttpRequest.prototype.open = new Proxy(XMLHttpRequest.prototype.open, {
  apply(open, request, [method, url, ...rest]: unknown[]) {
    return Reflect.apply(open, request, [method, toLocal(url), ...rest]);
  },
});

window.fetch = new Proxy(window.fetch, {
  apply(send, target, [input, ...rest]: RequestArguments) {
    return Reflect.apply(send, target, [toLocal(input), ...rest]);
  },
});

// Changes the address at construction: a finished Request could only be sent elsewhere as a stream, which browsers
// refuse over HTTP/1.1.
window.Request = new Proxy(window.Request, {
  construct(target, [input, ...rest]: RequestArguments, newTarget) {
    return Reflect.construct(target, [toLocal(input), ...rest], newTarget);
  },
});
