// One instance of one function: a separate process with only the function's environment.
'use strict';
const { createRequire } = require('node:module');
const { join } = require('node:path');

const [, , folder, handlerName, callText] = process.argv;
const [file, name] = handlerName.split('.');
const { event, context } = JSON.parse(callText);

const log = [];
process.stdout.write = (chunk) => {
  log.push(Buffer.from(chunk).toString());
  return true;
};

process.chdir(folder);
const endsAt = Date.now() + context.time_limit_in_ms;
const scfContext = {
  ...context,
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => Math.max(0, endsAt - Date.now()),
};

Promise.resolve()
  .then(() => createRequire(join(folder, 'platform.js'))(`./${file}.js`)[name](event, scfContext))
  .then(
    (value) => report({ ok: true, value: value ?? null }),
    (error) => report({ ok: false, message: String(error?.stack ?? error) }),
  );

function report(outcome) {
  process.send({ ...outcome, log: log.join('') }, () => process.exit());
}
