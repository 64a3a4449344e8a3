// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this file is about such texts.
import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEnvFile } from '../../../tools/deploy/env-file.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB+/==\nabc=\n-----END CERTIFICATE-----';

function parse(text: string) {
  return parseEnvFile(text, (name) => name === 'HOME');
}

describe('parseEnvFile()', () => {
  it.each<[string, string, Record<string, string>]>([
    ['a dollar in a password', 'A=Pa$word9', { A: 'Pa$word9' }],
    ['dollars without a name', 'A=$$a$1$', { A: '$$a$1$' }],
    ['a dollar before the beginning of a name that is set', 'A=$B9\nB=1', { A: '$B9', B: '1' }],
    ['an escaped dollar', 'A=a\\$B\nB=1', { A: 'a$B', B: '1' }],
    ['an escaped dollar within double quotes', 'A="\\${B}"', { A: '${B}' }],
    ['dollars within single quotes', "A='${B}\\$B$HOME'", { A: '${B}\\$B$HOME' }],
    ['a number sign within quotes', 'A="a#b" # c\nB=\'#\'#c', { A: 'a#b', B: '#' }],
    ['a comment', 'A=a b # c#d\n# E=1\n  #\nB= # none', { A: 'a b', B: '' }],
    ['a comment after a tab', 'A=a\t# c', { A: 'a' }],
    ['JSON', 'A=[{"a":"b"}]\nB=\'[{"a":"b"}]\'', { A: '[{"a":"b"}]', B: '[{"a":"b"}]' }],
    [
      'line ends within quotes',
      'A="a\nb"\nB=\'a\n\nb\'\nC=`a\nb`',
      { A: 'a\nb', B: 'a\n\nb', C: 'a\nb' },
    ],
    ['a certificate', `A="${PEM}"\nB=1`, { A: PEM, B: '1' }],
    [
      'backslashes',
      'A="a\\nb\\t\\\\"\nB=\'\\n\'\nC=\\n\\',
      { A: 'a\nb\\t\\\\', B: '\\n', C: '\\n\\' },
    ],
    ['other quotes within quotes', 'A="it\'s"\nB=`it\'s "it"`', { A: "it's", B: 'it\'s "it"' }],
    ['quotes within a value', 'A=a"b"c\'', { A: 'a"b"c\'' }],
    ['export', 'export A=1\n  export\tB=2', { A: '1', B: '2' }],
    ['spaces', ' A = a b \n\tB\t=\t"c " ', { A: 'a b', B: 'c ' }],
    ['a byte order mark', '\uFEFFA=1', { A: '1' }],
    ['line ends of Windows', 'A=1\r\nB="a\r\nb"\r\n\r\nC=', { A: '1', B: 'a\nb', C: '' }],
    ['line ends of old Macs', 'A=1\rB=2', { A: '1', B: '2' }],
    ['a variable twice', 'A=1\nA=2', { A: '2' }],
    ['equals signs', 'A=a=b==', { A: 'a=b==' }],
    ['an empty file', '\n \n', {}],
  ])('reads %s unchanged', (_, text, variables) => {
    expect(parse(text)).toEqual({ variables, problems: [] });
  });

  it.each<[string, string, RegExp]>([
    [
      'a value that other readers would shorten',
      'A=1\nB=Pa#word',
      /^B \(line 2\) has a # .* single quotes/,
    ],
    ['a value that other readers would read as empty', 'B=#fff', /^B \(line 1\) has a # /],
    ['a reference', 'B=x${SOME}', /^B \(line 1\) refers to another variable .* single quotes/],
    ['a reference with a default', 'B="${SOME:-word}"', /^B \(line 1\) refers to another/],
    ['a reference within back quotes', 'B=`${SOME}`', /^B \(line 1\) refers to another/],
    ['a reference without braces', 'SOME=1\nB=x$SOME', /^B \(line 2\) refers to another/],
    ['a reference to a variable of the process', 'B=$HOME/x', /^B \(line 1\) refers to another/],
    ["Serverless's own syntax", "B='a${env:SOME}'", /^B \(line 1\) has a \$\{ .* %24/],
    ["Serverless's functions", "B='${file(word)}'", /^B \(line 1\) has a \$\{ /],
    ['an escaped quote', 'B="a\\"word"', /^B \(line 1\) has \\" or \\r within double quotes/],
    ['a carriage return', 'B="a\\rword"', /^B \(line 1\) has \\" or \\r within double quotes/],
    ['JSON within double quotes', 'B="[{"a":"word"}]"', /^B \(line 1\) has text after its closing/],
    [
      'an apostrophe',
      "B='it's word'",
      /^B \(line 1\) has text after its closing quote: .*quotes of/,
    ],
    ['an open quote', 'B="word', /^B \(line 1\) opens with a quote that is not closed/],
    ['a bare certificate', `B=${PEM}\nC=1`, /^B \(line 1\) has several lines: put double quotes/],
    ['a line of another kind', 'A=1\n\nB: word', /^line 3 is neither NAME=value nor a comment/],
    ['a name alone', 'word', /^line 1 is neither/],
  ])('reports %s with its line and what to write, without the value', (_, text, problem) => {
    const { problems } = parse(text);

    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(problems.join()).not.toMatch(/word|SOME|fff|MIIB/);
  });

  it('continues after each problem, and counts lines correctly', () => {
    const text = `A="a\nb"\nB=x#y\n${PEM.replace('-', 'C=-')}\nD=\`\n\`x\nE=1\nnothing\nF="`;

    expect(parse(text).problems.map((problem) => problem.split(/\)| is/)[0])).toEqual([
      ...['B (line 3', 'C (line 4', 'D (line 8', 'line 9', 'line 11', 'F (line 12'],
    ]);
  });

  it('reads what it accepts as Node.js does, except for what Node.js shortens', () => {
    // Node.js 22 reads the next line as the value if the value is white space.
    const value = fc
      .string({ unit: fc.constantFrom(...'aZ0 =\'"`\\n{}[]:,./@%-_') })
      .filter((text) => text.trim() !== '');
    const quoted = fc
      .tuple(fc.constantFrom("'", '"', '`'), value)
      .map(([quote, inner]) => `${quote}${inner.replaceAll(quote, '')}${quote}`);
    fc.assert(
      fc.property(fc.array(fc.oneof(value, quoted), { maxLength: 4 }), (values) => {
        const text = values.map((each, place) => `V${place}=${each}\n`).join('');
        const { variables, problems } = parse(text);
        fc.pre(problems.length === 0);
        expect(variables).toEqual({ ...parseEnv(text) });
      }),
      { numRuns: 500 },
    );
  });
});
