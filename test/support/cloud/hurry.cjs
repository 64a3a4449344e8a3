// Loaded before a program that waits for the cloud: shortens its waits by one factor, and its time limits by another.
'use strict';
const { syncBuiltinESMExports } = require('node:module');
const promises = require('node:timers/promises');

/** A delay of at least this is a time limit, not a wait between two calls. */
const TIME_LIMIT_MILLISECONDS = 15_000;
const WAITS = Number(process.env['TEST_CLOUD_WAITS'] ?? 50);
const LIMITS = Number(process.env['TEST_CLOUD_LIMITS'] ?? 1);

const shorten = (delay) => {
  if (!(delay >= 100)) return delay;
  return Math.ceil(delay / (delay < TIME_LIMIT_MILLISECONDS ? WAITS : LIMITS));
};

const { setTimeout } = globalThis;
globalThis.setTimeout = Object.assign(
  (callback, delay, ...args) => setTimeout(callback, shorten(delay), ...args),
  setTimeout,
);
const promised = promises.setTimeout;
promises.setTimeout = (delay, ...args) => promised(shorten(delay), ...args);
syncBuiltinESMExports();
