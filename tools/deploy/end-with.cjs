const { writeSync } = require('node:fs');

/**
 * Ends the process with a message and exit code 1. Serverless would print its environment and support links above it;
 * and on a terminal it replaces the streams by ones that never call back after a write.
 */
module.exports = function endWith(message) {
  writeSync(process.stderr.fd, `${message}\n`);
  process.exit(1);
};
