import { help, readArguments } from '../../../infra/dev/tasks/arguments';
import { duration, fields, table } from '../../../infra/dev/tasks/output';
import { indexed, orderOf, selectorOf, sinceOf } from '../../../infra/dev/tasks/selector';

const now = new Date('2026-05-10T12:00:00Z');
const select = (flags: object) => selectorOf(flags, { now, ofOwner: owner => ({ 'data.owner': owner }) });

test('arguments are a command, its words and its flags; lists may have commas', () => {
  expect(readArguments(['list', '--state', 'failed,queued', '--state', 'done', '--json'])).toEqual({
    command: 'list',
    words: [],
    flags: { state: ['failed', 'queued', 'done'], json: true },
  });
  expect(readArguments(['retry', 'a', 'b'])).toMatchObject({ command: 'retry', words: ['a', 'b'] });
  expect(readArguments(['pause', '--all'])).toMatchObject({ command: 'pause', flags: { all: true } });
  for (const args of [[], ['--help'], ['retry', '--help']]) expect(readArguments(args).flags.help).toBe(true);
  expect(help).toContain('npm run tasks -- COMMAND');
});

test.each([
  [['lsit'], '"lsit" is no command, did you mean list? There are list, show'],
  [['--json'], 'Which command? There are list'],
  [['list', '--stat', 'x'], "Unknown option '--stat', did you mean state? See npm run tasks -- --help"],
  [['show'], 'show: which? Give the ids of tasks: npm run tasks -- show ID'],
  [['show', 'a', '--all'], 'show takes no --all; it takes --json, --settings, --help'],
  [['list', 'abc'], 'list takes no "abc": npm run tasks -- list --id abc'],
  [['pause'], 'pause: which? Name task types, or give --all'],
  [['pause', 'a', '--all'], 'pause: give task types or --all, not both'],
  [['retry', '--all'], 'retry --all: all of what?'],
  [['retry', '--error', 'x'], 'With filters give --all as well: npm run tasks -- retry --all --error'],
  [['retry', 'a', '--type', 'b'], 'retry: give ids, or --all with --type, not both'],
])('%j: %s', (args, message) => {
  expect(() => readArguments(args)).toThrow(message);
});

test('filters become a selector that an index answers', () => {
  expect(select({})).toEqual({});
  expect(select({ state: ['failed'], type: ['a', 'b'] })).toEqual({
    $and: [{ state: 'failed' }, { taskType: { $in: ['a', 'b'] } }],
  });
  expect(select({ error: 'no (ink)' })).toEqual({
    $and: [
      { state: 'failed' },
      { $or: [{ 'error.name': 'no (ink)' }, { 'error.message': { $regex: 'no \\(ink\\)', $options: 'i' } }] },
    ],
  });
  expect(select({ error: 'AbCdEfGhIjKlMnOpQrStUv' })).toMatchObject({
    $and: [{}, { 'error.fingerprint': 'AbCdEfGhIjKlMnOpQrStUv' }],
  });
  expect(select({ tag: 'vip', owner: 'ada', id: ['x'] })).toEqual({
    $and: [{ _id: 'x' }, { tags: 'vip' }, { 'data.owner': 'ada' }],
  });
  expect(indexed(select({ state: ['queued'] }), { state: ['queued'] })).toEqual({
    $and: [{ state: 'queued' }, { taskType: { $gte: '' } }],
  });
  expect(orderOf({ error: 'x' })).toEqual({ finishedAt: -1 });
  expect(orderOf({ state: ['failed', 'done'] })).toEqual({ $natural: -1 });
  expect(orderOf({ tag: 'vip' })).toEqual({ createdAt: -1, _id: -1 });
  expect(() => select({ state: ['faild'] })).toThrow('--state: "faild" is no state, did you mean failed? There are');
  expect(() => select({ error: '' })).toThrow('--error: is empty');
});

test('since is the end of what has ended, and the addition of what has not', () => {
  const since = new Date('2026-05-10T10:00:00Z');
  expect(select({ since: '2h', state: ['done'] })).toMatchObject({ $and: [{}, { finishedAt: { $gte: since } }] });
  expect(select({ since: '2h', state: ['queued'] })).toMatchObject({ $and: [{}, { createdAt: { $gte: since } }] });
  expect(select({ since: '2026-05-10T10:00Z' })).toEqual({
    $or: [{ finishedAt: { $gte: since } }, { createdAt: { $gte: since }, finishedAt: { $exists: false } }],
  });
  for (const text of ['soon', '5', '5 h', '2026-99-99'])
    expect(() => sinceOf(text, now)).toThrow(`--since: "${text}" is no time; give one such as 30m`);
  expect(() => sinceOf('2027-01-01', now)).toThrow('lies ahead');
});

test('tables are aligned, numbers at the right, and no text of a task breaks a line', () => {
  const text = table(
    ['id', 'n'],
    [
      ['a', 5],
      ['long\nid', 100],
      ['x'.repeat(200), undefined],
    ],
  );
  const lines = text.split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[1]).toMatch(/^a +5$/);
  expect(lines[2]).toMatch(/^long\\nid +100$/);
  expect(lines[3]).toMatch(/^x{99}…$/);
  expect(fields({ id: 'a', state: 'done', none: undefined })).toBe('id     a\nstate  done');
  expect([40, 1_500, 90_000, 7_200_000, 2_000_000_000].map(duration)).toEqual([
    '40 ms',
    '1.5 s',
    '1.5 min',
    '2 h',
    '23 d',
  ]);
});
