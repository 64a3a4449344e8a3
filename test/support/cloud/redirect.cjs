// Loaded before a program that calls the cloud: it reaches the cloud of the tests, whatever address it connects to.
'use strict';
const net = require('node:net');

const tlsPort = Number(process.env['TEST_CLOUD_TLS_PORT']);
const plainPort = Number(process.env['TEST_CLOUD_PLAIN_PORT']);
if (!tlsPort || !plainPort)
  throw new Error('TEST_CLOUD_TLS_PORT and TEST_CLOUD_PLAIN_PORT must be set');

const connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function connectToTestCloud(...args) {
  // `net.connect` passes on a normalised array, other callers pass on their own arguments.
  const [options, listener] = Array.isArray(args[0]) ? args[0] : net._normalizeArgs(args);
  // Pipes between processes do not use the network.
  if (options.path) return connect.apply(this, args);
  const port = Number(options.port) === 443 ? tlsPort : plainPort;
  const redirected = { ...options, host: '127.0.0.1', port, autoSelectFamily: false };
  delete redirected.lookup;
  delete redirected.localAddress;
  delete redirected.family;
  return connect.call(this, redirected, ...(listener ? [listener] : []));
};
