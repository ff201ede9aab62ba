import { PassThrough } from 'node:stream';
import { printLines } from '../../../infra/dev/running/log-lines';
import { eventually } from '../../support/eventually';

let printed: string[];
let log: jest.SpyInstance;

beforeEach(() => {
  printed = [];
  log = jest.spyOn(console, 'log').mockImplementation(line => void printed.push(line));
});
afterEach(() => log.mockRestore());

/** What is printed of an output that comes in these pieces. */
async function printedOf(name: string, ...pieces: (string | Buffer)[]): Promise<string[]> {
  const output = new PassThrough();
  printLines({ name }, output);
  for (const piece of pieces) output.write(piece);
  await new Promise(resolve => output.end(resolve));
  await eventually(() => output.readableEnded);
  return printed;
}

test('each line of a role is printed behind its label, a last one without an end too', async () => {
  expect(await printedOf('web', 'one\ntw', 'o')).toEqual(['[web ] one', '[web ] two']);
  expect((await printedOf('jobs-heavy', 'three')).at(-1)).toBe('[jobs-heavy] three');
});

test('what is in a line begins no other one, and does nothing to a terminal', async () => {
  const line = 'a\r[jobs] b\u2028[jobs] c\u0000\u001b[2J\u009b2J\td\r\n';
  expect(await printedOf('web', line)).toEqual(['[web ] a\\r[jobs] b\\u2028[jobs] c\\u0000\\u001b[2J\\u009b2J\td']);
});

test('a sign that comes in two pieces is one sign, and a line that never ends is printed in pieces', async () => {
  const bytes = Buffer.from('grün');
  expect(await printedOf('web', bytes.subarray(0, 3), bytes.subarray(3), '\n', 'x'.repeat(250_000))).toEqual([
    '[web ] grün',
    ...[100_000, 100_000, 50_000].map(length => `[web ] ${'x'.repeat(length)}`),
  ]);
});
