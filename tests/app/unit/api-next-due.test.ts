import { nextDue } from '../../../imports/api/notifications/next-due';
import { timetableOf } from '../../../packages/synced-cron/entry';

const published = new Map<string, (this: unknown) => void>();
// A host that keeps what is published, and a schedule of a month: the data, not the code.
jest.mock('meteor/meteor', () => ({ Meteor: { publish: keep } }), { virtual: true });
jest.mock('meteor/ejson', () => ({ EJSON: {} }), { virtual: true });
jest.mock('meteor/ddp', () => ({ DDP: {} }), { virtual: true });
jest.mock(
  'meteor/check',
  () => ({ check() {}, Match: { Where: () => {}, Maybe: () => {}, Optional: () => {}, ObjectIncluding: () => {} } }),
  { virtual: true },
);
jest.mock('meteor/ddp-rate-limiter', () => ({ DDPRateLimiter: {} }), { virtual: true });
jest.mock('meteor/random', () => ({ Random: {} }), { virtual: true });
jest.mock('meteor/webapp', () => ({ WebApp: {} }), { virtual: true });
jest.mock('meteor/mongo', () => ({ Mongo: { Collection: class {} } }), { virtual: true });
jest.mock('../../../imports/api/notifications/schedule', () => ({
  timetable: { sendNotifications: 'at 9:00 am on the 1st day of January' },
  scheduleNames: { sendNotifications: 'send notifications' },
}));
function keep(name: string, publish: (this: unknown) => void): void {
  published.set(name, publish);
}

const texts = ['every minute', 'every 1 minute', 'at 2:30 am', 'on the last day of the month at 23:00'];

test.each(texts)('the page counts down to the instant at which the schedule runs: %s', text => {
  const entry = { name: 'x', schedule: (parser: { text(text: string): never }) => parser.text(text), job() {} };
  const { timetable } = timetableOf(entry as never, false);
  for (const at of ['2026-01-10T12:00:30Z', '2026-03-29T00:59:30Z', '2026-10-25T00:30:00Z']) {
    const now = new Date(at);
    expect(nextDue(text, now)?.getTime()).toBe(timetable.next(now.getTime()));
  }
});

test('a schedule that is over is due no more', () => {
  expect(nextDue('at 9:00 am on the 1st day of January in 2020', new Date())).toBeUndefined();
});

test('a schedule that is due in months is told once, and again by timers that do not overflow', async () => {
  const { publishNotifications } = await import('../../../imports/api/notifications/publications');
  publishNotifications();
  const waits = jest.spyOn(globalThis, 'setTimeout');
  const sent: string[] = [];
  let stop = () => {};
  published.get('notifications.due')!.call({
    added: () => sent.push('added'),
    changed: () => sent.push('changed'),
    onStop: (end: () => void) => {
      stop = end;
    },
    ready() {},
  });
  stop();
  expect(sent).toEqual(['added']);
  expect(waits.mock.calls.map(([, ms]) => ms)).toEqual([60_000]);
  waits.mockRestore();
});
