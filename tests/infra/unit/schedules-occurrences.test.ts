import { dueRuns, everySo, jitterOf } from '../../../infra/schedules/occurrences';
import type { StoredSchedule } from '../../../infra/schedules/stored-schedule';

const hour = 3_600_000;
const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms);
const beginning = at(0);

function hourly(special: Partial<StoredSchedule> = {}): StoredSchedule {
  return {
    _id: 'hourly',
    every: hour,
    taskType: 'ping',
    data: {},
    missedRuns: 'skip',
    jitter: 0,
    createdAt: beginning,
    changedAt: beginning,
    revision: 1,
    paused: false,
    runs: [],
    intendedAt: at(hour),
    ...special,
  };
}

const due = (special: Partial<StoredSchedule>, now: Date) => dueRuns(hourly(special), everySo(hour, beginning), now);

test('a run that is due is added, and the next one follows', () => {
  expect(due({}, at(hour))).toEqual({ runs: [at(hour)], missed: false, next: at(2 * hour) });
  expect(due({}, at(hour + 59_000))).toEqual({ runs: [at(hour)], missed: false, next: at(2 * hour) });
  expect(due({}, at(hour - 1))).toEqual({ runs: [], missed: false, next: at(hour) });
});

test('of missed runs none, the newest or all are made up for, a hundred at most', () => {
  const late = at(4 * hour + 120_000);
  expect(due({ missedRuns: 'skip' }, late)).toEqual({ runs: [], missed: true, next: at(5 * hour) });
  expect(due({ missedRuns: 'once' }, late).runs).toEqual([at(4 * hour)]);
  expect(due({ missedRuns: 'all' }, late).runs).toEqual([1, 2, 3, 4].map(nth => at(nth * hour)));
  expect(due({ missedRuns: 'all' }, at(1_000 * hour)).runs).toHaveLength(100);
  // The newest is not late itself: it stands for those before.
  expect(due({ missedRuns: 'once' }, at(4 * hour)).runs).toEqual([at(4 * hour)]);
});

test('a run that a role has begun to add is added, however late', () => {
  expect(due({ claim: 'left behind' }, at(9 * hour + 120_000)).runs).toEqual([at(hour)]);
});

test('the last run is at `until` at the latest', () => {
  expect(due({ until: at(2 * hour) }, at(hour)).next).toEqual(at(2 * hour));
  expect(due({ until: at(2 * hour - 1) }, at(hour))).toEqual({ runs: [at(hour)], missed: false });
});

test('jitter delays each run by a share that follows from the name, spread over all names', () => {
  const of = (name: string) => jitterOf({ _id: name, jitter: 60_000 });
  const delays = Array.from({ length: 1_000 }, (_, nth) => of(`customer:${nth}`));
  expect(of('customer:7')).toBe(of('customer:7'));
  expect(Math.max(...delays)).toBeLessThanOrEqual(60_000);
  const tenths = Array.from({ length: 10 }, (_, nth) => delays.filter(ms => Math.floor(ms / 6_000.1) === nth).length);
  expect(Math.min(...tenths)).toBeGreaterThan(60);
  const delay = jitterOf(hourly({ jitter: 60_000 }));
  expect(due({ jitter: 60_000 }, at(hour + delay - 1)).runs).toEqual([]);
  expect(due({ jitter: 60_000 }, at(hour + delay)).runs).toEqual([at(hour)]);
});
