import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuiltWorker, buildWorker } from '../../../infra/dev/bundling/build-worker';

let built: BuiltWorker;

beforeAll(async () => {
  built = await buildWorker({ outDir: mkdtempSync(join(tmpdir(), 'tandem-bundle-')) });
});

const inputs = () => Object.keys(built.metafile.inputs);

test('the worker holds no meteor/*, no web code and no machinery of the roles', () => {
  const web =
    /^(client|server|imports\/(api|ui)|packages|infra\/(roles|http|link|console|monitor|settings|node-host|dev))\//;
  expect(inputs().filter(path => web.test(path) || /(^|:)meteor\//.test(path))).toEqual([]);
  const webPackages = /node_modules\/(react|react-dom|express|ws|helmet|pino|prom-client|busboy|ejson)\//;
  expect(inputs().filter(path => webPackages.test(path))).toEqual([]);
});

test('the worker holds the handlers and all npm packages that they use', () => {
  expect(inputs()).toEqual(expect.arrayContaining(['imports/tasks/catalog.ts', 'imports/tasks/handlers/index.ts']));
  for (const name of ['mongodb', 'simpl-schema'])
    expect(inputs().some(path => path.includes(`node_modules/${name}/`))).toBe(true);
});

test('what it leaves outside is part of Node, or an option of the MongoDB driver that is not installed', () => {
  const [output] = Object.values(built.metafile.outputs);
  const outside = output!.imports.map(({ path }) => path).filter(path => !path.startsWith('node:'));
  const { builtinModules } = require('node:module') as typeof import('node:module');
  const foreign = new Set(outside.filter(path => !builtinModules.includes(path)));
  const options =
    /^(kerberos|@mongodb-js\/zstd|@aws-sdk\/credential-providers|gcp-metadata|snappy|socks|aws4|mongodb-client-encryption)$/;
  expect([...foreign].filter(path => !options.test(path))).toEqual([]);
});

test('its manifest lists the sources by relative path, and the lock file for the packages', () => {
  expect(Object.keys(built.inputs)).toEqual(
    expect.arrayContaining(['imports/tasks/worker.ts', 'imports/tasks/catalog.ts', 'package-lock.json']),
  );
  expect(Object.keys(built.inputs).filter(path => path.includes('node_modules') || path.startsWith('..'))).toEqual([]);
});
