/**
 * Returns whether a path, with slashes, matches one of `patterns`: `*` and `?` do not match a slash, `**` does, and
 * `{a,b}` is either. A pattern without a slash is about the last name of the path.
 */
export function createMatcher(patterns: readonly string[]): (path: string) => boolean {
  const matchers = patterns.map((pattern) => {
    const expression = new RegExp(`^${translate(pattern)}$`, 'u');
    return pattern.includes('/')
      ? (path: string) => expression.test(path)
      : (path: string) => expression.test(path.slice(path.lastIndexOf('/') + 1));
  });
  return (path) => matchers.some((matches) => matches(path));
}

const TOKEN = /\*\*\/|\*\*|\*|\?|\{[^{}/]*\}|[^*?{]+|\{/g;

function translate(pattern: string): string {
  return (pattern.match(TOKEN) ?? []).map(translateToken).join('');
}

function translateToken(token: string): string {
  if (token === '**/') return '(?:.*/)?';
  if (token === '**') return '.*';
  if (token === '*') return '[^/]*';
  if (token === '?') return '[^/]';
  if (token.startsWith('{') && token.endsWith('}')) {
    return `(?:${token.slice(1, -1).split(',').map(translate).join('|')})`;
  }
  return token.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
