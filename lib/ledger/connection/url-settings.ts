const TIMEOUT = /^(?:statement|lock|idle_in_transaction_session)_timeout$/;

/** https://www.postgresql.org/docs/current/config-setting.html#CONFIG-SETTING-NAMES-VALUES */
const DURATION = /^\d+(?:us|ms|s|min|h|d)?$/;

/**
 * Adds a setting of the session to `settings`.
 *
 * @returns what is wrong with its value, if anything is; without the value.
 */
export function readSetting(
  settings: Record<string, string>,
  name: string,
  value: string,
): string | undefined {
  if (TIMEOUT.test(name) && !DURATION.test(value)) {
    return 'must be a whole number of milliseconds, or one with its unit, as 3s';
  }
  if (name === 'client_encoding') {
    return /^utf-?8$/i.test(value) ? undefined : 'must leave the encoding of the client as it is';
  }
  settings[name] = value;
  return undefined;
}

/** One setting of `options`, as the server splits them: a space in a value is escaped by a backslash. */
const OPTION = /(?:-c\s*|--)([\w.-]+)=((?:\\.|[^\s\\])*)(?:\s+|$)/y;

/**
 * What Neon's proxy accepts from clients that do not send a host name in TLS. The functions send it, so this is
 * ignored: https://neon.com/docs/connect/connection-errors#the-endpoint-id-is-not-specified.
 */
const ENDPOINT = /(?:endpoint|project)=\S*(?:\s+|$)/y;

/**
 * Adds the settings of a parameter `options` to `settings`.
 *
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-OPTIONS
 * @returns what is wrong with it, if anything is; without its text.
 */
export function readOptions(settings: Record<string, string>, text: string): string | undefined {
  // A form encodes a space as "+", and no name of a setting begins with one.
  const rest = text.replaceAll('+', ' ').trim();
  let at = 0;
  while (at < rest.length) {
    OPTION.lastIndex = at;
    ENDPOINT.lastIndex = at;
    const [all, name = '', value = ''] = OPTION.exec(rest) ?? ENDPOINT.exec(rest) ?? [];
    if (all === undefined) return 'must be a list of -c name=value';
    at += all.length;
    const setting = name.replaceAll('-', '_').toLowerCase();
    const wrong =
      setting === '' ? undefined : readSetting(settings, setting, value.replaceAll(/\\(.)/g, '$1'));
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}
