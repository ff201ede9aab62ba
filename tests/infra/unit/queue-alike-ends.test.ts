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

test('ends that differ in the moment only are written by one update, durations exact', () => {
  const ends = [anEnd('a', 10, 3), anEnd('b', 40, 3), anEnd('c', 25, 3)];
  expect(split(...ends)).toEqual({ alike: ['abc'], others: '' });
  const { $set, $push } = plainUpdate(ends);
  expect($set).toEqual({ state: 'done', attempt: 1, finishedAt: at(40), expiresAt: at(40 + day) });
  expect($push.attempts.$each).toMatchObject([{ startedAt: at(37), finishedAt: at(40) }]);
});

test('ends of other durations, workers, attempts or moments have updates of their own', () => {
  const second = anEnd('d', 12, 3);
  second.transition.attempt = 2;
  const elsewhere = anEnd('e', 12, 3);
  elsewhere.attempt!.workerPid = 8;
  const keptLonger = anEnd('f', 12, 3);
  keptLonger.transition.expiresAt = at(12 + 2 * day);
  expect(split(anEnd('a', 10, 3), anEnd('b', 10, 4), anEnd('c', 110, 3), second, elsewhere, keptLonger)).toEqual({
    alike: ['a', 'b', 'c', 'd', 'e', 'f'],
    others: '',
  });
});

test('a short result is a likeness, a large one or an object is none', () => {
  const withResult = (id: string, result: unknown) => {
    const end = anEnd(id, 10, 3);
    return { ...end, transition: { ...end.transition, result } };
  };
  const ends = [
    withResult('a', 1),
    withResult('b', '1'),
    withResult('c', 1),
    withResult('d', { n: 1 }),
    withResult('e', 'x'.repeat(200)),
    withResult('f', null),
    withResult('g', undefined),
  ];
  expect(split(...ends)).toEqual({ alike: ['ac', 'b', 'f', 'g'], others: 'de' });
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
  const many = Array.from({ length: 80 }, (_, n) => anEnd('x', n % 50, 1));
  expect(split(...many, anEnd('y', 10, 5), anEnd('z', 10, 6))).toEqual({ alike: ['x'.repeat(80)], others: 'yz' });
});
