import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildIdOf, checkWorkerFile, hashInput, workerFileAbove } from '../../../infra/workers/worker-file';

const sources = ['imports/tasks/worker.ts', 'imports/tasks/catalog.ts', 'imports/tasks/handlers/index.ts'];

/** A project with its worker file, and where that file is. */
function project(): { root: string; file: string } {
  const root = mkdtempSync(join(tmpdir(), 'tandem-project-'));
  for (const path of [...sources, 'package-lock.json']) write(root, path, `// ${path}`);
  const inputs = Object.fromEntries([...sources, 'package-lock.json'].map(path => [path, hashInput(root, path)!]));
  const file = join(root, 'private/workers/main.js');
  write(root, 'private/workers/main.js', '');
  write(root, 'private/workers/main.json', JSON.stringify({ buildId: buildIdOf(inputs), inputs }));
  return { root, file };
}

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

test('a file that is as its sources are is good, and has a build id', () => {
  expect(checkWorkerFile(project().file)).toMatch(/^[0-9a-f]{16}$/);
});

test('a missing file is refused with the command that builds it', () => {
  const { root, file } = project();
  rmSync(file);
  expect(() => checkWorkerFile(file)).toThrow(`The worker file ${file} is missing. Run \`npm run build:worker\``);
  expect(root).toBeTruthy();
});

test('it is found from a folder below its checkout, where Meteor runs the app', () => {
  const { root, file } = project();
  const inside = join(root, '.meteor/local/build/programs/server');
  expect(workerFileAbove(inside)).toBe(file);
  rmSync(file);
  expect(workerFileAbove(inside)).toBeUndefined();
});

test.each(['imports/tasks/catalog.ts', 'package-lock.json'])('a change to %s is named and refused', path => {
  const { root, file } = project();
  write(root, path, 'something else');
  expect(() => checkWorkerFile(file)).toThrow(`is older than ${path}. Run \`npm run build:worker\``);
});

test('a source that is gone is a change too', () => {
  const { root, file } = project();
  rmSync(join(root, 'imports/tasks/handlers/index.ts'));
  expect(() => checkWorkerFile(file)).toThrow('is older than imports/tasks/handlers/index.ts');
});

test('a manifest that cannot be read is refused', () => {
  const { root, file } = project();
  write(root, 'private/workers/main.json', '{}');
  expect(() => checkWorkerFile(file)).toThrow("main.json can't be read: it has no buildId and inputs. Run");
});

test('sources further up are found too, as under .meteor/local', () => {
  const { root, file } = project();
  const deep = join(root, '.meteor/local/build/programs/server/assets/app/workers');
  cpSync(dirname(file), deep, { recursive: true });
  write(root, 'imports/tasks/worker.ts', 'changed');
  expect(() => checkWorkerFile(join(deep, 'main.js'))).toThrow('is older than imports/tasks/worker.ts');
});

test('a production bundle, without sources, is trusted: the worker itself says what it knows', () => {
  const { file } = project();
  const elsewhere = mkdtempSync(join(tmpdir(), 'tandem-production-'));
  cpSync(dirname(file), elsewhere, { recursive: true });
  expect(checkWorkerFile(join(elsewhere, 'main.js'))).toMatch(/^[0-9a-f]{16}$/);
});
