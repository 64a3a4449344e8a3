import { describe, expect, it } from 'vitest';
import { parseEnvFile } from '../tools/deploy/env-file.ts';
import { addRole, explainVariables } from '../tools/deploy/function-variables.ts';
import { FROM_FILE } from '../tools/local/local-environment.ts';
import { listDocuments, readFile as read } from './documents/documents.ts';

const example = read('.env.example');

/** A line for a variable, also one that is commented out. */
const LINE = /^#?([A-Z\d_]+)=(.*)$/gm;

const lines = [...example.matchAll(LINE)].map(([, name = '', value = '']) => ({ name, value }));

/** A deployment to which each example is added. */
const DEPLOYMENT = {
  ...{ VOD_SECRET_ID: 'AKIDexample', VOD_SECRET_KEY: 'secret-key-example' },
  ...{ CALLBACK_SIGN_KEYS: 'SignKeyExample', DATABASE_URL: 'postgres://db.example.com/vod' },
  ...{ AUTH: 'keys', EVENT_BUS_REGION: 'ap-singapore' },
};

describe('.env.example', () => {
  it('has every variable of the tables of the documents once, and no other', () => {
    const documents = listDocuments().map(read).join('\n');
    const rows = documents.matchAll(/^\| ((?:`[A-Z\d_]+(?:=\w+)?`(?:, )?)+) \|/gm);
    const told = [...rows].flatMap(([, names = '']) => names.match(/(?<=`)[A-Z\d_]+/g) ?? []);
    const names = lines.map(({ name }) => name);

    expect(told.length).toBeGreaterThan(40);
    expect(new Set(names)).toEqual(new Set(told));
    expect(names).toHaveLength(new Set(names).size);
  });

  it('has every variable that serverless.yml or the local stack takes from such a file', () => {
    const deployed = [...read('serverless.yml').matchAll(/\benv:([A-Z\d_]+)/g)].map(
      ([, name = '']) => name,
    );

    expect(deployed.length).toBeGreaterThan(20);
    expect(lines.map(({ name }) => name)).toEqual(
      expect.arrayContaining([...deployed, ...FROM_FILE]),
    );
  });

  it('sets nothing before it is filled in', () => {
    const { variables, problems } = parseEnvFile(example, () => false);

    expect(problems).toEqual([]);
    expect(Object.values(variables).join('')).toBe('');
    expect(Object.keys(variables).length).toBeGreaterThan(5);
  });

  it('has examples that are read as they stand, and that the functions take', () => {
    const uncommented = example.replaceAll(/^#(?=[A-Z\d_]+=|…$|-----END)/gm, '');
    const { variables, problems } = parseEnvFile(uncommented, () => false);
    // The secret of the one and the certificate of the other are left out.
    const { WEBHOOK_ENDPOINTS: endpoints = '[]', DATABASE_CA: authority, ...others } = variables;

    expect(problems).toEqual([]);
    expect(authority).toBe('-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----');
    expect(JSON.parse(endpoints)).toEqual([expect.objectContaining({ secret: 'whsec_…' })]);
    for (const [name, value] of Object.entries(others).filter(([, text]) => text !== '')) {
      const environment = addRole({ ...DEPLOYMENT, [name]: value });
      const told = ['signature', 'pull', 'callback', 'uploads', 'sweep'].flatMap((user) =>
        explainVariables(user, environment),
      );
      expect(
        told.filter((problem) => problem.startsWith(`${name} `)),
        name,
      ).toEqual([]);
    }
  });

  it('is the only such file that is kept with the code', () => {
    expect(read('.gitignore').split('\n')).toEqual(
      expect.arrayContaining(['.env', '.env.*', '!.env.example']),
    );
  });
});
