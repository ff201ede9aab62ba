import type { Clock } from '../../../infra/database/clock';
import { NextEvents } from '../../../infra/queue/due/next-events';
import type { Upcoming } from '../../../infra/queue/store/task-store';
import { eventually } from '../../support/eventually';

const noon = new Date();
/** It stands still. */
const clock: Clock = { now: () => noon };
const at = (ms: number) => new Date(clock.now().getTime() + ms);

function events(next: () => Upcoming | undefined = () => undefined, by = clock) {
  const acted: number[] = [];
  const failures: unknown[] = [];
  const all = new NextEvents(by, (kind, error) => failures.push([kind, (error as Error).message]));
  all.define('due', async () => {
    acted.push(clock.now().getTime());
    return next();
  });
  return { all, acted, failures };
}

test('a newcomer that is earlier displaces the next event, a later one does not', async () => {
  const { all } = events();
  all.offer('due', { id: 'b', date: at(60_000) });
  all.offer('due', { id: 'c', date: at(90_000) });
  expect(all.next('due')?.id).toBe('b');
  all.offer('due', { id: 'a', date: at(30_000) });
  expect(all.next('due')?.id).toBe('a');
  await all.stop();
});

test('the cache fills at boot and again after each event', async () => {
  const { all, acted } = events(() => ({ id: 'next', date: at(60_000) }));
  await all.refill('due');
  expect(all.next('due')).toEqual({ id: 'next', date: at(60_000) });
  all.offer('due', { id: 'now', date: at(0) });
  await eventually(() => acted.length === 2);
  await eventually(() => all.next('due')?.id === 'next');
  await all.stop();
});

test('what is offered while an action runs is not forgotten', async () => {
  let release = () => {};
  const all = new NextEvents(clock, () => {});
  all.define('due', () => new Promise(resolve => (release = () => resolve({ id: 'far', date: at(60_000) }))));
  const refilled = all.refill('due');
  all.offer('due', { id: 'near', date: at(5_000) });
  release();
  await refilled;
  expect(all.next('due')?.id).toBe('near');
  await all.stop();
});

test('a refill that is asked for while the action runs acts once more: what it read may be old', async () => {
  const releases: (() => void)[] = [];
  const all = new NextEvents(clock, () => {});
  const dates = [at(60_000), at(5_000)];
  all.define(
    'due',
    () => new Promise(resolve => releases.push(() => resolve({ id: 'x', date: dates.shift() as Date }))),
  );
  const refilled = all.refill('due');
  await all.refill('due');
  releases.shift()?.();
  await eventually(() => releases.length === 1);
  releases.shift()?.();
  await refilled;
  expect(all.next('due')?.date).toEqual(at(5_000));
  await all.stop();
});

test('an action that fails is reported, and the next refill tries again', async () => {
  let fail = true;
  const { all, failures } = events(() => {
    if (fail) throw new Error('away');
    return { id: 'x', date: at(60_000) };
  });
  await all.refill('due');
  expect(failures).toEqual([['due', 'away']]);
  fail = false;
  await all.refill('due');
  expect(all.next('due')?.id).toBe('x');
  await all.stop();
});

test('an action that fails acts again by itself, or earlier where something earlier was offered meanwhile', async () => {
  const running: Clock = { now: () => new Date() };
  let fail = true;
  const { all, acted, failures } = events(() => {
    if (fail) throw new Error('away');
    return { id: 'x', date: at(60_000) };
  }, running);
  await all.refill('due');
  expect(failures).toHaveLength(1);
  all.offer('due', { id: 'later', date: at(90_000) });
  fail = false;
  await eventually(() => all.next('due')?.id === 'x');
  expect(acted).toHaveLength(2);
  fail = true;
  const refilled = all.refill('due');
  all.offer('due', { id: 'near', date: at(-1) });
  await refilled;
  expect(all.next('due')?.id).toBe('near');
  await all.stop();
});

test('an event further away than a timer can wait does not fire at once', async () => {
  const { all, acted } = events();
  all.offer('due', { id: 'next year', date: at(365 * 86_400_000) });
  await new Promise(resolve => setTimeout(resolve, 50));
  expect(acted).toEqual([]);
  await all.stop();
});
