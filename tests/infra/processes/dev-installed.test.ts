import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../support/run';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const needed = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
/** A program that does nothing, after the look. */
const looking = [`--require=${['.', 'infra', 'dev', 'installed.cjs'].join('/')}`, '--eval', '1'];
let clone: string;

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'tandem-clone-'));
  for (const path of ['package.json', 'infra/dev/installed.cjs', 'infra/dev/init/main.ts'])
    cpSync(join(root, path), join(clone, path));
});
afterEach(() => rmSync(clone, { recursive: true }));

const run = (command: string, ...args: string[]) =>
  spawnSync(command, args, { cwd: clone, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } });

test('npm run init before npm ci says in one line what to do, and ends with 1', () => {
  const { status, stdout, stderr } = run('npm', 'run', '--silent', 'init', '--', 'my-app');
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: `${needed.length} of the packages in package.json are not installed here. Run npm ci first\n`,
  });
});

test('a package that came later is named, and where all are there nothing is said', () => {
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  expect(run('node', ...looking)).toMatchObject({ status: 0, stderr: '' });
  const more = { ...manifest, dependencies: { ...manifest.dependencies, 'of-tomorrow': '1' } };
  writeFileSync(join(clone, 'package.json'), JSON.stringify(more));
  expect(run('node', ...looking)).toMatchObject({
    status: 1,
    stderr: '1 of the packages in package.json are not installed here: of-tomorrow. Run npm ci first\n',
  });
});

test('packages above the checkout count, as Node finds them there', () => {
  const below = join(clone, 'apps', 'mine');
  mkdirSync(join(below, 'infra/dev'), { recursive: true });
  for (const path of ['package.json', 'infra/dev/installed.cjs']) cpSync(join(root, path), join(below, path));
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  const { status } = spawnSync('node', looking, { cwd: below });
  expect(status).toBe(0);
});

test('each npm script that runs TypeScript looks first', () => {
  const scripts = Object.values<string>(manifest.scripts).filter(script => script.includes('tsx'));
  expect(scripts.length).toBeGreaterThan(10);
  for (const script of scripts)
    expect(script).toMatch(/^node (--expose-gc )?--require \.\/infra\/dev\/installed\.cjs --require tsx\/cjs /);
  expect(readFileSync(join(root, 'deploy.sh'), 'utf8').match(/--require tsx\/cjs/g)).toHaveLength(1);
});
