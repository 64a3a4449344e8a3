const { writeSync } = require('node:fs');

/**
 * Ends the process with a message and exit code 1. Serverless would put its own environment and support above it; and on
 * a terminal it replaces the streams by such as never say that they have written.
 */
module.exports = function endWith(message) {
  writeSync(process.stderr.fd, `${message}\n`);
  process.exit(1);
};
