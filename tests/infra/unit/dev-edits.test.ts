import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Edits } from '../../../infra/dev/edits';

const root = mkdtempSync(join(tmpdir(), 'tandem-edits-'));
afterAll(() => rmSync(root, { recursive: true }));

const there = (file: string) => existsSync(join(root, file));
const read = (file: string) => readFileSync(join(root, file), 'utf8');

beforeEach(() => writeFileSync(join(root, 'old'), 'old'));

test('what was asked for is done, and folders that are empty then go', () => {
  const first = new Edits(root);
  first.write('deep/new', 'new');
  first.replace('old', 'l', '$&L');
  first.apply();
  expect([read('deep/new'), read('old')]).toEqual(['new', 'o$&Ld']);
  const second = new Edits(root);
  second.remove('deep');
  second.apply();
  expect(there('deep')).toBe(false);
});

test('nothing is done where anything stands in the way, and all of that is said', () => {
  const edits = new Edits(root);
  edits.write('new', 'new');
  edits.replace('old', 'x', 'y');
  edits.refuse('the weather');
  expect(() => edits.apply()).toThrow('Nothing was changed:\n  old: does not have this any more: x\n  the weather');
  expect(there('new')).toBe(false);
});

test('where the disk refuses in the middle, the files are put back', () => {
  const edits = new Edits(root);
  edits.write('old', 'changed');
  edits.write('new', 'new');
  edits.write('old/in-a-file', 'impossible');
  expect(() => edits.apply()).toThrow(/EEXIST|ENOTDIR/);
  expect(read('old')).toBe('old');
  expect(there('new')).toBe(false);
});
