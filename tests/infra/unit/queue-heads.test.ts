import { QueueHeads, type Standing } from '../../../infra/queue/store/queue-heads';

const types = [
  { taskType: 'mail', version: 1 },
  { taskType: 'report', version: 2 },
];
const request = { types, limit: 100 };
const noon = Date.UTC(2026, 0, 1, 12);
const at = (ms: number, more: Partial<Standing> = {}): Standing & { _id: string } => ({
  _id: `${ms}`,
  taskType: 'mail',
  catalogVersion: 1,
  priority: 5,
  place: 1,
  dueDate: new Date(noon + ms),
  ...more,
});

/** Heads of a queue that many tasks have left, of which a look at the whole has seen these. */
function busy(...seen: Standing[]): QueueHeads {
  const heads = new QueueHeads();
  heads.took(1_000);
  heads.rowsFor(request);
  heads.sawWhole(request, seen, 10);
  return heads;
}

const froms = (heads: QueueHeads) => heads.rowsFor(request)?.map(({ from }) => from - noon);

test('while few tasks have gone, each look is at the whole queue', () => {
  const heads = new QueueHeads();
  heads.took(999);
  heads.sawWhole(request, [at(5_000)], 10);
  expect(heads.rowsFor(request)).toBeUndefined();
  heads.took(1);
  expect(heads.rowsFor(request)).toHaveLength(1);
});

test('a look begins a second before where the last one found the first of each row', () => {
  const heads = busy(at(5_000), at(5_500), at(7_000, { priority: 4 }));
  expect(froms(heads)).toEqual([4_000, 6_000]);
  heads.saw([at(9_000)]);
  expect(froms(heads)).toEqual([8_000, 6_000]);
});

test('a task that is added before it, or in another row, is looked for from there', () => {
  const heads = busy(at(5_000));
  expect(heads.queued(at(6_000))).toBe(false);
  expect(heads.queued(at(2_000))).toBe(true);
  expect(heads.queued(at(8_000, { place: -1 }))).toBe(true);
  expect(froms(heads)).toEqual([1_000, 7_000]);
});

test('what is added while a look goes on is not left behind by what it finds', () => {
  const heads = busy(at(5_000));
  heads.rowsFor(request);
  heads.queued(at(6_000));
  heads.saw([at(9_000)]);
  expect(froms(heads)).toEqual([5_000]);
  heads.saw([at(9_000)]);
  expect(froms(heads)).toEqual([8_000]);
});

test.each<[string, Partial<Standing>]>([
  ['nothing but its state', { taskType: undefined, dueDate: undefined } as unknown as Partial<Standing>],
  ['no date', { dueDate: 'soon' as unknown as Date }],
  ['an invalid date', { dueDate: new Date(Number.NaN) }],
  ['a priority that is no number', { priority: 'high' as unknown as number }],
  ['no version', { catalogVersion: null as unknown as number }],
])('where a task is queued of which one knows %s, the whole queue is looked at', (_, forged) => {
  const heads = busy(at(5_000));
  expect(heads.queued({ ...at(6_000), ...forged })).toBe(true);
  expect(heads.rowsFor(request)).toBeUndefined();
  heads.sawWhole(request, [{ ...at(1), ...forged }], 10);
  expect(froms(heads)).toEqual([4_000]);
  expect(heads.sawWholeBeside(request, [{ ...at(1), ...forged }], 10)).toBe(true);
  expect(heads.rowsFor(request)).toBeUndefined();
});

test('a type, a version or a priority that the last look at the whole queue was not for needs another one', () => {
  const heads = busy(at(5_000));
  expect(heads.rowsFor({ ...request, types: [...types, { taskType: 'new', version: 1 }] })).toBeUndefined();
  expect(heads.rowsFor({ ...request, types: [{ taskType: 'mail', version: 2 }] })).toBeUndefined();
  expect(heads.rowsFor({ ...request, types: types.slice(0, 1) })).toHaveLength(1);
  expect(heads.rowsFor({ ...request, types: types.slice(1) })).toHaveLength(0);
  expect(heads.rowsFor({ ...request, minPriority: 6 })).toHaveLength(0);
  heads.sawWhole({ ...request, minPriority: 6 }, [], 10);
  expect(heads.rowsFor(request)).toBeUndefined();
});

test('a version newer than what a role knows is none of its rows', () => {
  const heads = busy(at(5_000, { catalogVersion: 2 }), at(5_000, { taskType: 'report', catalogVersion: 2 }));
  expect(heads.rowsFor(request)?.map(({ taskType }) => taskType)).toEqual(['report']);
});

test('there may be others where the whole look was full', () => {
  const heads = busy(at(5_000));
  expect(heads.mayHaveOthers).toBe(false);
  heads.sawWhole({ ...request, limit: 1 }, [at(5_000)], 10);
  expect(heads.mayHaveOthers).toBe(true);
});

test('more rows than one query reads are looked at as a whole', () => {
  const priorities = Array.from({ length: 9 }, (_, priority) => at(5_000, { priority }));
  const full = busy(...priorities.slice(1));
  expect(full.rowsFor(request)).toHaveLength(8);
  expect(full.queued(at(4_000, { priority: 1 }))).toBe(true);
  expect(full.rowsFor(request)).toHaveLength(8);
  expect(full.queued(at(5_000, { priority: 0 }))).toBe(true);
  expect(full.rowsFor(request)).toBeUndefined();
  const heads = busy(...priorities);
  expect(heads.rowsFor(request)).toBeUndefined();
  heads.sawWhole(request, priorities.slice(0, 2), 10);
  expect(heads.rowsFor(request)).toHaveLength(2);
});

test('a look at the whole queue beside others lowers where rows begin, and raises nothing', () => {
  const heads = busy(at(5_000));
  expect(heads.sawWholeBeside(request, [at(9_000)], 10)).toBe(false);
  expect(froms(heads)).toEqual([4_000]);
  expect(heads.sawWholeBeside(request, [at(3_000), at(9_000)], 10)).toBe(true);
  expect(froms(heads)).toEqual([2_000]);
});
