#!/usr/bin/env node
// Stands in for the Meteor tool: records each call, plays Galaxy by writing what "runs" into a file,
// and fails where METEOR_FAILS_AT says so (whoami, build, deploy:HOST, health:HOST), or hangs (hang:build, hang:HOST).
const { appendFileSync, readFileSync, writeFileSync, existsSync } = require('node:fs');
const { execFileSync } = require('node:child_process');

const folder = process.env.METEOR_STAND_IN_FOLDER;
const args = process.argv.slice(2);
const failsAt = process.env.METEOR_FAILS_AT ?? '';
appendFileSync(`${folder}/calls`, `${JSON.stringify(args)}\n`);

function fail(step) {
  if (failsAt === step) {
    console.error(`stand-in: ${step} fails`);
    process.exit(1);
  }
}

function hang(where) {
  if (failsAt === `hang:${where}`) setInterval(() => {}, 60_000);
  return failsAt === `hang:${where}`;
}

if (args[0] === 'whoami') fail('whoami');
if (args[0] === 'deploy') {
  const host = args[1];
  if (args.includes('--build-only')) {
    fail('build');
    hang('build');
  } else if (!hang(host)) {
    fail(`deploy:${host}`);
    const running = existsSync(`${folder}/running.json`) ? JSON.parse(readFileSync(`${folder}/running.json`)) : {};
    if (failsAt !== `health:${host}`) running[host] = execFileSync('git', ['rev-parse', 'HEAD']).toString().trim();
    writeFileSync(`${folder}/running.json`, JSON.stringify(running));
  }
}
