import { Problem } from '../problem.ts';

const CODE = /^\w{1,40}$/;

/** Returns a word for `error` that holds nothing of what it says: VOD's code, this service's, or that of a socket. */
export function nameError(error: unknown): string {
  if (error instanceof Problem) return error.vod?.code ?? error.code;
  if (!(error instanceof Error)) return typeof error;
  // The database, its driver and Node's own sockets name by a code what went wrong.
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' && CODE.test(code) ? code : error.name;
}
