import { mkdtemp, rm } from 'node:fs/promises';
import {
  createServer as createPlainServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listen } from '../listen.ts';
import { CLOUD_ACCOUNT } from './account.ts';
import { makeCertificates } from './certificates.ts';
import { type CloudState, copyCloudState, createCloudState } from './cloud-state.ts';
import type { CloudSettings } from './define-action.ts';
import { answerExchange, type CloudCall, type Desk, isPlayed } from './exchange.ts';
import { createFaults, type Faults } from './faults.ts';

/** The cloud's control plane on two ports of this machine. */
export interface Cloud {
  readonly state: CloudState;
  readonly faults: Faults;
  /** Every call so far, oldest first. */
  readonly calls: readonly CloudCall[];
  /** Hosts that were requested and that this cloud does not stand in for. */
  readonly strangers: readonly string[];
  /** How many connections were opened. */
  readonly connections: () => number;
  /** Forgets the calls, so that a test sees only its own. */
  readonly forgetCalls: () => void;
  /** Restores an earlier state of the cloud, by default a new account; calls, faults and settings are cleared. */
  readonly reset: (kept?: CloudState) => void;
  /** Returns what the cloud stores now. */
  readonly remember: () => CloudState;
  /** Changes how the cloud behaves, until it is reset. */
  readonly configure: (settings: Partial<CloudSettings>) => void;
  /** The environment with which a program reaches this cloud and nothing else. */
  readonly environment: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

const { region } = CLOUD_ACCOUNT;
const HOSTS = [
  '*.tencentcloudapi.com',
  'service.cos.myqcloud.com',
  ...[region, 'ap-guangzhou'].flatMap((name) => [
    `cos.${name}.myqcloud.com`,
    `*.cos.${name}.myqcloud.com`,
    `*.cos.${name}.tencentcos.cn`,
    `*.${name}.tencentcloudapi.com`,
  ]),
];

const DEFAULTS: CloudSettings = { apiGateway: false, busyReads: 1, closesIdle: false };

/** Starts a cloud with an empty account. */
export async function startCloud(): Promise<Cloud> {
  const folder = await mkdtemp(join(tmpdir(), 'cloud-'));
  const certificates = await makeCertificates(folder, HOSTS);
  const { key, certificate, authorityFile } = certificates;
  const faults = createFaults();
  const calls: CloudCall[] = [];
  const strangers: string[] = [];
  const state = createCloudState();
  let settings = DEFAULTS;
  const desk: Desk = { state, faults, calls, strangers, settings: () => settings };
  const used = new WeakSet<Socket>();
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    if (settings.closesIdle && used.has(socket)) return void socket.destroy();
    used.add(socket);
    answerExchange(desk, request, response).catch(() => response.destroy());
  };
  // A host that this cloud does not stand in for has no certificate here, so this is the only trace of it.
  const noteHost = (host: string, choose: (error: null) => void) => {
    if (!isPlayed(host)) strangers.push(host);
    choose(null);
  };
  const tls = await listen(
    createServer({ key, cert: certificate, SNICallback: noteHost }, onRequest),
  );
  const plain = await listen(createPlainServer(onRequest));
  return {
    ...{ state, faults, calls, strangers },
    connections: () => tls.connections() + plain.connections(),
    forgetCalls: () => calls.splice(0),
    configure: (changed) => {
      settings = { ...settings, ...changed };
    },
    reset: (kept = createCloudState()) => {
      faults.clear();
      calls.splice(0);
      strangers.splice(0);
      settings = DEFAULTS;
      Object.assign(state, copyCloudState(kept));
    },
    remember: () => copyCloudState(state),
    environment: {
      NODE_OPTIONS: ['redirect.cjs', 'hurry.cjs']
        .map((file) => `--require "${fileURLToPath(new URL(file, import.meta.url))}"`)
        .join(' '),
      NODE_EXTRA_CA_CERTS: authorityFile,
      TEST_CLOUD_TLS_PORT: String(tls.port),
      TEST_CLOUD_PLAIN_PORT: String(plain.port),
    },
    close: async () => {
      await Promise.all([tls.close(), plain.close()]);
      await rm(folder, { recursive: true });
    },
  };
}
