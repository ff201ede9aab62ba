import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDispensable } from '../../../infra/dev/upgrade/machinery';
import { root } from '../../support/run';

/** What needs a database, a socket or another process; such a test belongs to the project `integration` or `processes`. */
const slow =
  /from '(node:(child_process|net|http|https|dgram)|ws|esbuild|puppeteer-core|[./]+support\/(database|queue|cron|roles|built-role|build|processes|copy|checkout|fault-task-pool|bare-machine|standalone-mongod|browser))'/;

const folders = ['tests/app/unit', 'tests/infra/unit'];
const files = folders.flatMap(folder => readdirSync(join(root, folder)).map(name => join(folder, name)));

test('no unit test needs a database, a socket or another process', () => {
  const valueImports = (text: string) => text.replace(/^import type .*$/gm, '');
  expect(files.filter(file => slow.test(valueImports(readFileSync(join(root, file), 'utf8'))))).toEqual([]);
  expect(slow.test(['import { a } from', "'../../support/database';"].join(' '))).toBe(true);
});

test('what tests stand on imports nothing that an app may delete: its types would be wrong', () => {
  const supports = readdirSync(join(root, 'tests/support'), { recursive: true, encoding: 'utf8' })
    .filter(name => /\.tsx?$/.test(name))
    .map(name => join('tests/support', name));
  const imported = (file: string) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/from '(\.[^']*)'/g)].map(([, path]) =>
      join(dirname(file), path!),
    );
  const arrows = supports.flatMap(file => imported(file).map(path => `${file} → ${path}`));
  expect(arrows.filter(arrow => isDispensable(arrow.split(' → ')[1]!))).toEqual([]);
  expect(arrows).toContain('tests/support/docs-commands.ts → infra/dev/flags');
});

test('the project of the unit tests starts no database', () => {
  const { projects } = require('../../../jest.config.cjs') as { projects: Record<string, unknown>[] };
  const [unit, ...others] = projects;
  expect(unit).toMatchObject({ displayName: 'unit' });
  expect(unit).not.toHaveProperty('globalSetup');
  for (const other of others) expect(other).toHaveProperty('globalSetup');
});
