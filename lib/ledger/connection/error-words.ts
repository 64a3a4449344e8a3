import type { DatabaseSettings } from './database-url.ts';

/** What is wrong, and what to do about it. */
export type Words = readonly [what: string, remedy: string];

/** The settings of a URL on which the meaning of an error depends. */
export type WordsSettings = Pick<DatabaseSettings, 'tls' | 'session'>;

/** Explanations by code, or beginning of a code; the first match is used. */
const WORDS: readonly (readonly [RegExp, Words])[] = [
  [
    /^ECONNREFUSED$/,
    ['nothing listens there', 'check that it runs, and that DATABASE_URL has its host and port'],
  ],
  [
    /^ENOTFOUND$/,
    [
      'there is no host of this name',
      'set the host in DATABASE_URL to one that this network knows',
    ],
  ],
  [
    /^(?:EACCES|ENOENT)$/,
    [
      'its Unix socket cannot be opened',
      'check that it runs, and that DATABASE_URL has the folder of its socket',
    ],
  ],
  [
    /^(?:ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|CONNECT_TIMEOUT|NO_ANSWER)$/,
    [
      'it gave no answer in time',
      'check that it runs, that DATABASE_URL has its host and port, and that its network lets this machine in: one in a VPC is reached from within only',
    ],
  ],
  [
    /^(?:CONNECTION_|ECONNRESET|EPIPE)/,
    [
      'the connection was closed',
      'check that DATABASE_URL points to a PostgreSQL server, and that it, and any load balancer in between, is up',
    ],
  ],
  [
    /^NOT_POSTGRESQL$/,
    [
      'what answers there does not speak PostgreSQL',
      'set host and port of DATABASE_URL to those of the database',
    ],
  ],
  [
    /^AUTHENTICATION_UNKNOWN$/,
    [
      'it asks for a way of logging in that is not supported here',
      'let the user of DATABASE_URL log in with a password, best by scram-sha-256 in its pg_hba.conf',
    ],
  ],
  [
    /^SASL_SIGNATURE_MISMATCH$/,
    [
      'it does not know the password that it asks for',
      'check who answers at the host of DATABASE_URL',
    ],
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    [
      'its certificate is for another name',
      'write the name that the certificate has as the host of DATABASE_URL; or set DATABASE_CA to its authority, and sslmode=verify-ca in DATABASE_URL, which does not look at the name',
    ],
  ],
  [
    /^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/,
    [
      'its certificate has expired, or is not valid yet',
      'renew the certificate of the server of DATABASE_URL',
    ],
  ],
  [
    /^(?:CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_|PATH_LENGTH|HOSTNAME_MISMATCH)/,
    [
      'its certificate is not from an authority that is trusted here',
      'set DATABASE_CA to the certificate of its authority; or write sslmode=require into DATABASE_URL, which encrypts, but lets anyone answer',
    ],
  ],
  [
    /^(?:EPROTO|ERR_)/,
    [
      'TLS could not be agreed on',
      'check that the server of DATABASE_URL speaks TLS 1.2 or newer, and asks for no client certificate',
    ],
  ],
  [
    /^28P01$/,
    [
      'it rejects this user with this password',
      'correct both in DATABASE_URL, with special characters percent-encoded',
    ],
  ],
  [
    /^28/,
    [
      'it does not let this user connect from here',
      'check its pg_hba.conf; where that asks for TLS, write sslmode=require or better into DATABASE_URL',
    ],
  ],
  [
    /^3D000$/,
    [
      'it has no database of this name',
      'create it, or correct the name at the end of DATABASE_URL',
    ],
  ],
  [/^42P01$/, ['a table of the ledger is missing', 'run "npm run migrate" with this DATABASE_URL']],
  [
    /^42(?:703|883|P10)$/,
    ['its tables are not those of this code', 'run "npm run migrate" with this DATABASE_URL'],
  ],
  [
    /^42704$/,
    [
      'it does not know a setting that is asked for',
      'check options, search_path and the like in DATABASE_URL',
    ],
  ],
  [
    /^42501$/,
    [
      'the user lacks a right',
      'have the user of DATABASE_URL own the tables of the ledger, or grant it all rights on them',
    ],
  ],
  [
    /^25006$/,
    [
      'it is read-only',
      'set DATABASE_URL to the primary, or name all hosts there with target_session_attrs=read-write; if it is the primary, check whether its disk is full',
    ],
  ],
  [
    /^53300$/,
    ['it has no connection left', 'raise its max_connections, or point DATABASE_URL to a pooler'],
  ],
  [/^57P0[13]$/, ['it is starting or stopping', 'check that the server of DATABASE_URL comes up']],
  [/^53/, ['it has run out of memory or disk', 'give the server of DATABASE_URL more']],
  [
    /^(?:26000|42P05)$/,
    ['a pooler mixes up prepared statements', 'write pgbouncer=true into DATABASE_URL'],
  ],
  [
    /^22/,
    [
      'it refused a value',
      'check options, search_path and the like in DATABASE_URL; where there are none, this is a fault of the service',
    ],
  ],
];

const POOLER_WORDS: readonly (readonly [RegExp, Words])[] = [
  [
    /authentication failed|no such user|user not found/i,
    [
      'it rejects this user with this password',
      'correct both in DATABASE_URL, as the pooler has them',
    ],
  ],
  [
    /no such database|does not exist/i,
    [
      'the pooler has no database of this name',
      'set the name at the end of DATABASE_URL to one that it has',
    ],
  ],
  [
    /transaction blocks? not allowed/i,
    [
      'the pooler does not support transactions',
      'set its pool_mode to transaction or session, or point DATABASE_URL elsewhere',
    ],
  ],
  [
    /no more connections|exceeded|max ?clients/i,
    ['the pooler of DATABASE_URL has no connection left', 'raise its limit'],
  ],
  [
    /timeout|shutting down|cannot connect|crashed|failing|pause|suspend/i,
    [
      'the pooler cannot reach the server',
      'check that the server behind the pooler of DATABASE_URL runs',
    ],
  ],
];

const OTHER = 'look the code up at https://www.postgresql.org/docs/current/errcodes-appendix.html';

/**
 * Returns the meaning of an error, without secrets.
 *
 * @param code of the server (https://www.postgresql.org/docs/current/errcodes-appendix.html), the driver or the socket.
 * @param text of the error, which is examined but not quoted.
 */
export function chooseWords(code: string, text: string, { tls, session }: WordsSettings): Words {
  if (code === 'TLS_REFUSED') {
    return [
      `it offers no TLS, which ${tls.because} asks for`,
      'switch TLS on at the server, or write sslmode=disable into DATABASE_URL, alone, where the whole network in between is your own',
    ];
  }
  if (code === '08P01' || code.startsWith('XX')) return chooseWordsOfPooler(code, text);
  const [, words] = WORDS.find(([pattern]) => pattern.test(code)) ?? [];
  if (words === undefined) return [`it refused what it was asked for, with ${code}`, OTHER];
  return code === '42P01' && Object.hasOwn(session, 'search_path')
    ? [
        `${words[0]} in the schemas that schema, currentSchema, search_path or options of DATABASE_URL name`,
        words[1],
      ]
    : words;
}

function chooseWordsOfPooler(code: string, text: string): Words {
  const [, words] = POOLER_WORDS.find(([pattern]) => pattern.test(text)) ?? [];
  if (words !== undefined) return words;
  const fault = code === '08P01' ? 'reported a protocol error' : 'had an internal error';
  return [`it, or a pooler before it, ${fault}, with ${code}`, OTHER];
}
