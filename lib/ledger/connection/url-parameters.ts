import { readOptions, readSetting } from './url-settings.ts';

/** The modes of libpq that make a difference here. */
export type SslMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** The parameters of a URL. */
export interface UrlParameters {
  /** The parts of a URL that may also be parameters. */
  readonly parts: Partial<Record<'host' | 'port' | 'user' | 'password' | 'dbname', string>>;
  sslmode?: SslMode;
  /** Name of the parameter that set `sslmode`. */
  sslmodeBy?: string;
  /** Name of a parameter that requires a verified certificate for any `sslmode`. */
  verifyBy?: string;
  /** Name of a parameter with a file of certificates, which a function does not have. */
  fileBy?: string;
  minTlsVersion?: 'TLSv1.3';
  applicationName?: string;
  /** Longest wait for a connection, in seconds. */
  connectSeconds?: number;
  /** Whether the URL says that there is a pooler. */
  isPooled: boolean;
  /** Settings of the session, under the server's names. */
  readonly settings: Record<string, string>;
}

/** Applies a parameter, or returns what is wrong with its value. */
type Read = (parameters: UrlParameters, value: string, name: string) => string | undefined;

/** What is done with a parameter: it is read, ignored, or refused with this message. */
type Rule = Read | 'left out' | { readonly refusal: string };

/** https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION, and what node-postgres and JDBC add. */
const SSL_MODES: Readonly<Record<string, SslMode>> = {
  disable: 'disable',
  allow: 'prefer',
  prefer: 'prefer',
  require: 'require',
  'no-verify': 'require',
  'verify-ca': 'verify-ca',
  'verify-full': 'verify-full',
};

const BOOLEANS: Readonly<Record<string, boolean>> = {
  ...{ true: true, 1: true, on: true, yes: true },
  ...{ false: false, 0: false, off: false, no: false },
};

/** Files with the authorities that the system trusts: https://go.dev/src/crypto/x509/root_linux.go. */
const SYSTEM_FILE = /^(?:system$|\/etc\/(?:ssl|pki)\/)/;

const oneOf = (values: readonly string[]) => `must be one of ${values.join(', ')}`;

/** `sslmode` has precedence over other parameters. */
const setSslMode =
  (modes: Readonly<Record<string, SslMode>>): Read =>
  (parameters, value, name) => {
    const mode = modes[value.toLowerCase()];
    if (mode === undefined) return oneOf(Object.keys(modes));
    if (parameters.sslmodeBy === 'sslmode' && name !== 'sslmode') return undefined;
    parameters.sslmode = mode;
    parameters.sslmodeBy = name;
    return undefined;
  };

const askForCertificate: Read = (parameters, _value, name) => {
  parameters.verifyBy = name;
  return undefined;
};

const setPart =
  (part: keyof UrlParameters['parts']): Read =>
  ({ parts }, value) => {
    parts[part] = value;
    return undefined;
  };

const setSetting =
  (setting: string): Read =>
  ({ settings }, value) =>
    readSetting(settings, setting, value);

/** If `value` matches, there may be a pooler, so statements are not prepared on the server. */
const poolWhere =
  (pooled: RegExp): Read =>
  (parameters, value) => {
    if (pooled.test(value)) parameters.isPooled = true;
    return undefined;
  };

const setApplicationName: Read = (parameters, value) => {
  parameters.applicationName = value;
  return undefined;
};

const setConnectTimeout: Read = (parameters, value) => {
  if (!/^\d{1,9}$/.test(value)) return 'must be a whole number of seconds';
  parameters.connectSeconds = Number(value);
  return undefined;
};

const setTarget =
  (writing: readonly string[]): Read =>
  (_parameters, value) =>
    // The driver accepts only a primary in any case.
    writing.includes(value) ? undefined : `${oneOf(writing)}, since the ledger is written to`;

const only =
  (good: RegExp, rule: string): Read =>
  (_parameters, value) =>
    good.test(value) ? undefined : rule;

const utf8 = only(/^(?:utf-?8|unicode|auto)$/i, 'must be UTF8');

const refused = (names: string, refusal: string) =>
  names.split(' ').map((name) => [name, { refusal }] as const);

const NO_CLIENT_CERTIFICATE =
  'a certificate of the client cannot be used: log in with a password, and give the CA of the server in DATABASE_CA';

const HONOURED: Readonly<Record<string, Read>> = {
  host: setPart('host'),
  port: setPart('port'),
  user: setPart('user'),
  password: setPart('password'),
  dbname: setPart('dbname'),
  sslmode: setSslMode(SSL_MODES),
  ssl: setSslMode({
    ...{ true: 'verify-full', 1: 'verify-full', false: 'disable', 0: 'disable' },
    ...SSL_MODES,
  }),
  requiressl: setSslMode({ 1: 'require', 0: 'prefer' }),
  sslaccept: setSslMode({ strict: 'verify-full', accept_invalid_certs: 'require' }),
  sslrootcert: (parameters, value, name) => {
    if (SYSTEM_FILE.test(value)) return askForCertificate(parameters, value, name);
    parameters.fileBy = name;
    return undefined;
  },
  channel_binding: (parameters, value, name) => {
    if (value === 'require') return askForCertificate(parameters, value, name);
    return ['disable', 'prefer'].includes(value)
      ? undefined
      : oneOf(['disable', 'prefer', 'require']);
  },
  require_auth: askForCertificate,
  ssl_min_protocol_version: (parameters, value) => {
    if (value === 'TLSv1.3') parameters.minTlsVersion = value;
    return /^TLSv1(?:\.[123])?$/.test(value) ? undefined : 'must be TLSv1.2 or TLSv1.3';
  },
  application_name: setApplicationName,
  applicationname: setApplicationName,
  fallback_application_name: (parameters, value, name) =>
    parameters.applicationName === undefined
      ? setApplicationName(parameters, value, name)
      : undefined,
  connect_timeout: setConnectTimeout,
  connecttimeout: setConnectTimeout,
  logintimeout: setConnectTimeout,
  options: ({ settings }, value) => readOptions(settings, value),
  search_path: setSetting('search_path'),
  currentschema: setSetting('search_path'),
  // Prisma accepts one name, literally: https://www.prisma.io/docs/orm/overview/databases/postgresql.
  schema: ({ settings }, value) =>
    readSetting(settings, 'search_path', `"${value.replaceAll('"', '""')}"`),
  statement_timeout: setSetting('statement_timeout'),
  lock_timeout: setSetting('lock_timeout'),
  idle_in_transaction_session_timeout: setSetting('idle_in_transaction_session_timeout'),
  target_session_attrs: setTarget(['any', 'read-write', 'primary']),
  targetservertype: setTarget(['any', 'primary', 'master', 'preferPrimary']),
  client_encoding: utf8,
  encoding: utf8,
  charset: utf8,
  gssencmode: only(/^(?:disable|prefer)$/, 'must be disable: TLS is what encrypts here'),
  pgbouncer: (parameters, value) => {
    const isPooled = BOOLEANS[value.toLowerCase()];
    if (isPooled === undefined) return oneOf(['true', 'false']);
    parameters.isPooled ||= isPooled;
    return undefined;
  },
  statement_cache_size: poolWhere(/^0$/),
  prepared_statement_cache_size: poolWhere(/^0$/),
  statement_cache_capacity: poolWhere(/^0$/),
  preparethreshold: poolWhere(/^0$/),
  prepared_statements: poolWhere(/^(?:false|0|off|no)$/i),
  prepare: poolWhere(/^(?:false|0|off|no)$/i),
  binary_parameters: poolWhere(/^yes$/),
  default_query_exec_mode: poolWhere(/^(?:exec|simple_protocol|cache_describe|describe_exec)$/),
  prefersimpleprotocol: poolWhere(/^true$/i),
  prefer_simple_protocol: poolWhere(/^true$/i),
  preferquerymode: poolWhere(/^simple$/),
};

/** Without effect here: an instance has one connection, detects a lost one quickly, and always sends its host name. */
const LEFT_OUT =
  'connection_limit pool_timeout pool_size pool min max max_pool_size maxpoolsize minpoolsize pool_max_conns ' +
  'pool_min_conns pool_max_conn_lifetime pool_max_conn_idle_time pool_health_check_period conn_max_age ' +
  'conn_health_checks max_overflow checkout_timeout idle_timeout max_lifetime max_idle_connection_lifetime ' +
  'reaping_frequency socket_timeout sockettimeout query_timeout tcp_user_timeout tcpkeepalive keep_alive keepalives ' +
  'keepalives_idle keepalives_interval keepalives_count krbsrvname gsslib gssdelegation sslsni sslcompression ' +
  'sslcertmode sslnegotiation ssl_max_protocol_version uselibpqcompat load_balance_hosts loadbalancehosts ' +
  'min_protocol_version max_protocol_version timezone reconnect adapter stringtype rewritebatchedinserts supa workaround';

/** The rule for each known parameter, by its name in lower case. */
export const URL_PARAMETERS: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...LEFT_OUT.split(' ').map((name) => [name, 'left out'] as const),
  ...Object.entries(HONOURED),
  ...refused('sslcert sslkey sslidentity sslpassword', NO_CLIENT_CERTIFICATE),
  ...refused(
    'sslcrl sslcrldir',
    'lists of revoked certificates are not read: trust a CA that has none, in DATABASE_CA',
  ),
  ...refused('hostaddr', 'write the address where the host is'),
  ...refused('service servicefile passfile', 'write host, user and password into the URL'),
  ...refused('requirepeer replication', 'leave it out'),
]);
