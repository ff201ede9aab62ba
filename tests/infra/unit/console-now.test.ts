import { problemsOf, type Situation } from '../../../infra/console/views/now';

const now = new Date('2026-11-29T12:00:00Z');
const ago = (ms: number) => new Date(now.getTime() - ms);

const situation = (more: {
  oldestQueued?: Date;
  done?: number;
  failed?: number;
  allPaused?: boolean;
  takes?: string[];
}): Situation =>
  ({
    recent: [{ done: more.done ?? 100, failed: more.failed ?? 0 }],
    counts: { byType: { import: { ...(more.oldestQueued && { oldestQueued: more.oldestQueued }) } } },
    processes: [{ details: { taskTypes: more.takes ?? ['import'] } }],
    allPaused: more.allPaused ?? false,
    now,
  }) as unknown as Situation;

test('all is well where nothing waits for long and nearly nothing fails', () => {
  expect(problemsOf(situation({ oldestQueued: ago(30_000), failed: 4 }))).toEqual([]);
});

test.each([
  ['a task waits for long', { oldestQueued: ago(12 * 60_000) }, 'import has waited for 12 min.'],
  ['everything is paused', { allPaused: true }, 'Everything is paused.'],
  [
    'no living role takes what waits',
    { oldestQueued: ago(1_000), takes: [] },
    'No living role takes import, and tasks of it wait.',
  ],
  ['many fail', { done: 20, failed: 10 }, '10 of 30 tasks have failed in the last 10 minutes.'],
])('it is told that %s', (_, more, problem) => {
  expect(problemsOf(situation(more))).toEqual([problem]);
});

test('what no role takes is no problem while nothing of it waits', () => {
  expect(problemsOf(situation({ takes: [] }))).toEqual([]);
});
