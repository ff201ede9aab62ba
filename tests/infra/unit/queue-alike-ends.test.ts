import { plainUpdate, splitEnds } from '../../../infra/queue/store/alike-ends';
import type { Settlement } from '../../../infra/queue/store/task-store';

const start = 1_700_000_000_000;
const at = (ms: number) => new Date(start + ms);
const day = 86_400_000;

function anEnd(id: string, finishedMs: number, durationMs: number, special: Partial<Settlement> = {}): Settlement {
  const finishedAt = at(finishedMs);
  return {
    task: { _id: id, owner: 'me', token: 't' },
    transition: { state: 'done', attempt: 1, finishedAt, expiresAt: new Date(finishedAt.getTime() + day) },
    attempt: { startedAt: at(finishedMs - durationMs), finishedAt, outcome: 'done', owner: 'me', workerPid: 7 },
    ...special,
  };
}
const idsOf = (ends: Settlement[]) => ends.map(({ task }) => task._id).join('');
const split = (...ends: Settlement[]) => {
  const { alike, others } = splitEnds(ends);
  return { alike: alike.map(idsOf), others: idsOf(others) };
};

/** As many alike as are worth a write of their own. */
const many = (id: string, make: (n: number) => Settlement) =>
  Array.from({ length: 50 }, (_, n) => ({ ...make(n), task: { _id: id, owner: 'me', token: 't' } }));
const shortened = (ids: string) => ids.replace(/(.)\1*/g, '$1');

test('ends that differ in the moment only are written by one update', () => {
  const ends = [anEnd('a', 10, 3), anEnd('b', 40, 3), anEnd('c', 25, 2)];
  expect(split(...ends)).toEqual({ alike: ['abc'], others: '' });
  const { $set, $push } = plainUpdate(ends);
  expect($set).toEqual({ state: 'done', attempt: 1, finishedAt: at(40), expiresAt: at(40 + day) });
  expect($push.attempts.$each).toMatchObject([{ startedAt: at(37), finishedAt: at(40) }]);
});

test('an end with a log is like no other: its log is found by its own moment', () => {
  const log = { lines: [{ at: 1, text: 'hello' }], dropped: 0 };
  expect(split(anEnd('a', 10, 3, { log }), anEnd('b', 11, 3), anEnd('c', 12, 3, { log }))).toEqual({
    alike: [],
    others: 'acb',
  });
});

test('one end alone is always like itself', () => {
  expect(split(anEnd('a', 10, 3))).toEqual({ alike: ['a'], others: '' });
});

test('ends of other durations, workers, attempts, moments or retentions have updates of their own', () => {
  const changed = (change: (end: Settlement) => void) => (n: number) => {
    const end = anEnd('x', n, 3);
    change(end);
    return end;
  };
  const ends = [
    ...many('a', n => anEnd('a', n, 3)),
    ...many('b', n => anEnd('b', n, 4)),
    ...many('c', n => anEnd('c', 100 + n, 3)),
    ...many(
      'd',
      changed(({ transition }) => (transition.attempt = 2)),
    ),
    ...many(
      'e',
      changed(({ attempt }) => (attempt!.workerPid = 8)),
    ),
    ...many(
      'f',
      changed(({ transition }) => (transition.expiresAt = at(2 * day))),
    ),
    ...many(
      'g',
      changed(({ attempt }) => Object.assign(attempt!, { aLaterField: 1 })),
    ),
  ];
  const { alike, others } = split(...ends);
  expect(alike.map(shortened)).toEqual(['a', 'b', 'c', 'd', 'e', 'g']);
  // Its tasks expire at one moment although they end at many: no two of them are alike.
  expect(shortened(others)).toBe('f');
});

test('a short result is a likeness, a large one or an object is none', () => {
  const withResult = (id: string, result: unknown) =>
    many(id, n => {
      const end = anEnd(id, n, 3);
      return { ...end, transition: { ...end.transition, result } };
    });
  const { alike, others } = split(
    ...withResult('a', 1),
    ...withResult('b', '1'),
    ...withResult('d', { n: 1 }),
    ...withResult('e', 'x'.repeat(200)),
    ...withResult('f', null),
    ...withResult('g', undefined),
  );
  expect(alike.map(shortened)).toEqual(['a', 'b', 'f', 'g']);
  expect(shortened(others)).toBe('de');
});

test('what fails, waits for a retry, was rescued, or never ran is written with its own values', () => {
  const failed = anEnd('a', 10, 3);
  failed.transition.state = 'failed';
  const again = anEnd('b', 10, 3);
  again.transition.dueDate = at(99);
  expect(split(failed, again, anEnd('c', 10, 3, { newToken: 'x' }), anEnd('d', 10, 3, { attempt: undefined }))).toEqual(
    {
      alike: [],
      others: 'abcd',
    },
  );
});

test('a few ends of a large batch share the update in which each has its own values', () => {
  const { alike, others } = split(...many('x', n => anEnd('x', n, 1)), anEnd('y', 10, 5), anEnd('z', 10, 6));
  expect({ alike: alike.map(shortened), others }).toEqual({ alike: ['x'], others: 'yz' });
});
