import { describe, it } from 'vitest';
import { makeSecret } from '../cli-stage.ts';
import { DEPLOYED, describeKeySet, type Fault, ORIGIN, SWEEP, useDoctor } from './doctor-stage.ts';

const doctor = useDoctor();
const { account, setHere, setEverywhere, setArguments, expectFindings } = doctor;

const FAULTS: readonly Fault[] = [
  [
    'a function on another runtime',
    () => {
      const { origin = '' } = account.deployed.get('vod-upload-dev-pull') ?? {};
      account.deployed.set('vod-upload-dev-pull', { ...DEPLOYED, runtime: 'Nodejs18.15', origin });
    },
    'deployment',
    /^vod-upload-dev-pull runs on Nodejs18\.15, and RUNTIME, or its default, is Nodejs20\.19\.$/,
  ],
  [
    'a runtime that the deployed functions do not have yet',
    () => setHere({ RUNTIME: 'Nodejs22.21' }),
    'deployment',
    /^vod-upload-dev-signature, .+ and vod-upload-dev-sweep run on Nodejs20\.19, and RUNTIME, or its default, is Nodejs22\.21\.$/,
  ],
  [
    'a function without a role',
    () => {
      const { origin = '' } = account.deployed.get('vod-upload-dev-pull') ?? {};
      account.deployed.set('vod-upload-dev-pull', { ...DEPLOYED, role: '', origin });
    },
    'deployment',
    /vod-upload-dev-pull has no execution role/,
  ],
  [
    'a function that is not deployed',
    () => account.deployed.delete('vod-upload-dev-signature'),
    'deployment',
    /vod-upload-dev-signature is not deployed in ap-singapore/,
  ],
  [
    'a function without an address',
    () => account.deployed.set('vod-upload-dev-pull', DEPLOYED),
    'deployment',
    /vod-upload-dev-pull has no address/,
  ],
  [
    'a sweep that is not deployed',
    () => account.deployed.delete(SWEEP),
    'deployment',
    /vod-upload-dev-sweep is not deployed in ap-singapore/,
  ],
  [
    'a sweep without a timer',
    () => account.deployed.set(SWEEP, DEPLOYED),
    'deployment',
    /vod-upload-dev-sweep has no timer that is switched on/,
  ],
  [
    'a sweep whose timer is off',
    () => account.deployed.set(SWEEP, { ...DEPLOYED, timer: false }),
    'deployment',
    /vod-upload-dev-sweep has no timer that is switched on/,
  ],
  [
    'a sweep without a role',
    () => account.deployed.set(SWEEP, { ...DEPLOYED, role: '', timer: true }),
    'deployment',
    /vod-upload-dev-sweep has no execution role/,
  ],
  [
    'an address where nothing listens',
    () => {
      setArguments('--pull-url', `${doctor.nowhere}/pull`);
    },
    'functions',
    /pull at http:\/\/127\.0\.0\.1:\d+\/pull: it cannot be reached \(ECONNREFUSED\)/,
  ],
  [
    'an address where something else answers',
    () => {
      setArguments('--signature-url', `http://${account.vod.stage.host}/signature`);
    },
    'functions',
    /something else answers there, with status 405/,
  ],
  [
    'functions that cannot serve with their variables',
    () => account.deploy({ VOD_SUB_APP_ID: 'not-a-number' }),
    'functions',
    /it answers 500/,
  ],
  [
    'an origin that was never deployed',
    () => setHere({ CORS_ORIGINS: `${ORIGIN},https://new.example.com` }),
    'functions',
    /^Pages of https:\/\/new\.example\.com, which CORS_ORIGINS names, may not call signature, pull and uploads\.$/,
  ],
  [
    'a callback function with other sign keys',
    () => account.deploy({ CALLBACK_SIGN_KEYS: makeSecret(16, 'hex') }),
    'sign key',
    /does not have key 1 and key 2 of CALLBACK_SIGN_KEYS/,
  ],
  [
    'functions with other context keys',
    () => {
      const variables = { SOURCE_CONTEXT_KEYS: makeSecret(32) };
      for (const name of ['vod-upload-dev-callback', SWEEP]) {
        const known = account.deployed.get(name) ?? DEPLOYED;
        account.deployed.set(name, { ...known, variables });
      }
    },
    'deployment',
    /^callback and sweep have other SOURCE_CONTEXT_KEYS than are set here/,
  ],
  [
    'that calls without a token are accepted, as configured',
    () => setEverywhere({ AUTH: 'none', AUTH_JWT_SECRET: '' }),
    'callers',
    /AUTH is none, and signature, pull and uploads took a call without a token/,
  ],
  [
    'that calls without a token are accepted, unlike the configuration here',
    () => account.deploy({ AUTH: 'none', AUTH_JWT_SECRET: '' }),
    'callers',
    /your account: signature, pull and uploads took a call/,
  ],
  [
    'public keys that cannot be fetched',
    () => setEverywhere(describeKeySet(`${doctor.nowhere}/jwks.json`)),
    'callers',
    /AUTH_JWKS_URL does not return public keys.* the connection failed \(ECONNREFUSED\)\./,
  ],
  [
    'public keys that are something else',
    // This address answers with a problem.
    () => setEverywhere(describeKeySet(`${doctor.origin}/signature`)),
    'callers',
    /No token is accepted: AUTH_JWKS_URL answers 405\./,
  ],
  // Several checks are affected by these.
  [
    'a backend that is not deployed',
    async () => {
      account.deployed.clear();
      setHere({ DATABASE_URL: await doctor.createDatabase() });
    },
    'deployment',
    /^Each of vod-upload-dev-signature, \S+-pull, \S+-callback, \S+-uploads and \S+-sweep is not deployed in/,
  ],
  [
    'functions without a role',
    () => {
      for (const [name, deployed] of account.deployed) {
        account.deployed.set(name, { ...deployed, role: '' });
      }
    },
    'deployment',
    /^Each of vod-upload-dev-pull, vod-upload-dev-callback and vod-upload-dev-sweep has no execution role/,
  ],
  [
    'several addresses where nothing listens',
    () => {
      setArguments(
        ...['signature', 'pull'].flatMap((name) => [`--${name}-url`, `${doctor.nowhere}/${name}`]),
      );
    },
    'functions',
    /^signature at \S+ and pull at \S+, each: it cannot be reached/,
  ],
  [
    'functions whose variables are wrong',
    () => account.deploy({ VOD_SUB_APP_ID: 'not-a-number', AUTH_JWT_SECRET: 'short' }),
    'functions',
    /^signature at \S+, pull at \S+, callback at \S+ and uploads at \S+, each: it answers 500/,
  ],
  [
    'two origins that were never deployed',
    () => setHere({ CORS_ORIGINS: 'https://a.example.com,https://b.example.com' }),
    'functions',
    /^Pages of https:\/\/a\.example\.com and https:\/\/b\.example\.com, which .* signature, pull and uploads\.$/,
  ],
];

describe('vod-upload doctor', () => {
  it.each(FAULTS)('finds %s, and nothing else', async (_, seed, check, text) => {
    await seed();
    await expectFindings(check, text);
  });
});
