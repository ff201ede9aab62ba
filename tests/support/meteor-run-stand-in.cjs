#!/usr/bin/env node
// Stands in for `meteor run`: says what it was given, listens on its port as Meteor's proxy does, starts the mongod that
// Meteor would (a real one, where the test names it), a process that stands for the app, and ends on SIGTERM as the tool
// does: at once, with what it has started.
const { spawn } = require('node:child_process');
const { mkdirSync } = require('node:fs');
const { createServer } = require('node:http');
const { join } = require('node:path');

const args = process.argv.slice(2);
const { METEOR_LOCAL_DIR, MONGO_URL, MONGO_OPLOG_URL, STAND_IN_MONGOD } = process.env;
const port = Number(args[args.indexOf('--port') + 1]);
const settings = require(join(process.cwd(), args[args.indexOf('--settings') + 1]));
console.log(JSON.stringify({ args, METEOR_LOCAL_DIR, MONGO_URL, MONGO_OPLOG_URL, link: settings.link?.url }));

const children = [];
if (!MONGO_URL) children.push(startMongod());
// The role drains a moment longer than the tool lives.
children.push(
  spawn('sh', ['-c', 'trap "sleep 0.3; echo the app has drained; exit 0" TERM; while :; do sleep 0.1; done'], {
    stdio: 'inherit',
  }),
);
createServer((_request, response) => response.end('page')).listen(port, () =>
  console.log(`=> App running at: http://localhost:${port}/`),
);

process.on('SIGTERM', () => {
  for (const child of children) child.kill('SIGTERM');
  process.exit(0);
});

function startMongod() {
  const data = join(process.cwd(), METEOR_LOCAL_DIR, `db-${port}`);
  mkdirSync(data, { recursive: true });
  const mongod = spawn(
    STAND_IN_MONGOD,
    ['--port', String(port + 1), '--dbpath', data, '--bind_ip', '127.0.0.1', '--replSet', 'meteor'],
    { stdio: 'ignore' },
  );
  setTimeout(() => initiate(), 100);
  return mongod;
}

/** Meteor makes its MongoDB a replica set of one, some time after it listens. */
async function initiate() {
  const { MongoClient } = require(join(process.cwd(), 'node_modules/mongodb'));
  const host = `127.0.0.1:${port + 1}`;
  const client = new MongoClient(`mongodb://${host}/?directConnection=true`);
  await client.db('admin').command({ replSetInitiate: { _id: 'meteor', members: [{ _id: 0, host }] } });
  await client.close();
}
