import { URL_PARAMETERS, type UrlParameters } from './url-parameters.ts';

/** A name that may be told: what a password leaves behind when it has a "?" looks otherwise, mostly. */
const TELLABLE = /^[A-Za-z][\w.-]{0,63}$/;

/**
 * Returns what the query of a URL says, and all that is wrong with it as predicates of the URL, which quote names of
 * parameters alone.
 *
 * @throws {URIError} where a percent sign begins no character.
 */
export function readUrlQuery(query: string): {
  readonly parameters: UrlParameters;
  readonly problems: readonly string[];
} {
  const parameters: UrlParameters = { parts: {}, isPooled: false, settings: {} };
  const problems = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [, name = '', value = ''] = /^([^=]*)=?(.*)$/.exec(pair) ?? [];
      const told = decodeURIComponent(name);
      // A "?" in a password makes a query of its end, up to the "@" before the host.
      const known =
        TELLABLE.test(told) && (URL_PARAMETERS.has(told.toLowerCase()) || !query.includes('@'));
      return known
        ? readParameter(parameters, told, decodeURIComponent(value))
        : 'has a ? or & with something after it that is no parameter: in user and password, percent-encode ? as %3F and & as %26';
    });
  return { parameters, problems: problems.filter((problem) => problem !== undefined) };
}

function readParameter(parameters: UrlParameters, name: string, value: string): string | undefined {
  const rule = URL_PARAMETERS.get(name.toLowerCase());
  if (rule === undefined)
    return `must not have the parameter ${name}, which is not known here: leave it out`;
  // As for libpq, an empty value is none.
  if (rule === 'left out' || value === '') return undefined;
  if (typeof rule === 'object') return `must not have the parameter ${name}: ${rule.refusal}`;
  const wrong = value.includes('\0') ? 'must not have a %00 in it' : rule(parameters, value, name);
  return wrong === undefined ? undefined : `has the parameter ${name}, whose value ${wrong}`;
}
