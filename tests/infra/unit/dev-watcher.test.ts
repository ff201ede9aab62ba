import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Watcher } from '../../../infra/dev/running/watcher';
import { eventually } from '../../support/eventually';

let root: string;
let seen: string[][];
let watcher: Watcher;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'tandem-watch-'));
  mkdirSync(join(root, 'src', 'deep'), { recursive: true });
  writeFileSync(join(root, 'src', 'a.ts'), 'a');
  writeFileSync(join(root, 'settings.json'), '{}');
  seen = [];
  watcher = new Watcher(root, ['src', 'settings.json', 'absent']);
  await watcher.remember();
});
afterEach(() => {
  watcher.stop();
  rmSync(root, { recursive: true });
});

const tell = async (paths: string[]) => void seen.push(paths);
const toldOf = (path: string) => eventually(() => seen.flat().includes(path));

test('a change from before the start is told', async () => {
  writeFileSync(join(root, 'src', 'a.ts'), 'ab');
  watcher.start(tell);
  await toldOf(join('src', 'a.ts'));
});

test('a changed file is told, in a folder or named by itself', async () => {
  watcher.start(tell);
  writeFileSync(join(root, 'src', 'a.ts'), 'ab');
  await toldOf(join('src', 'a.ts'));
  writeFileSync(join(root, 'settings.json'), '{ }');
  await toldOf('settings.json');
});

test('a new, a renamed and a removed file are told, in new folders too', async () => {
  watcher.start(tell);
  mkdirSync(join(root, 'src', 'new'));
  writeFileSync(join(root, 'src', 'new', 'b.ts'), 'b');
  await toldOf(join('src', 'new', 'b.ts'));
  renameSync(join(root, 'src', 'new', 'b.ts'), join(root, 'src', 'deep', 'c.ts'));
  await toldOf(join('src', 'deep', 'c.ts'));
  rmSync(join(root, 'src', 'a.ts'));
  await toldOf(join('src', 'a.ts'));
});

test('a file that was missing at first is told when it comes', async () => {
  watcher.start(tell);
  writeFileSync(join(root, 'absent'), '');
  await toldOf('absent');
});
