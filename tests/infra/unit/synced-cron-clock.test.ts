import { Cron } from '../../../packages/synced-cron/cron';
import type { Entry } from '../../../packages/synced-cron/entry';
import type { LogEntry } from '../../../packages/synced-cron/log';
import { FakeClock } from '../../support/fake-clock';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const noon = Date.parse('2025-06-02T12:00:00Z');

/** A cron by a fake clock, with what it says. Its entries keep no history, so it needs no database. */
function cronAt(start: number): { cron: Cron; clock: FakeClock; messages: string[] } {
  const clock = new FakeClock(start);
  const messages: string[] = [];
  const collection = () => {
    throw new Error('entries without a history need no database');
  };
  const cron = new Cron({ clock, startup: callback => callback(), collection });
  cron.config({ utc: true, logger: ({ message }: LogEntry) => messages.push(message) });
  return { cron, clock, messages };
}

/** Adds an entry that notes the times of its runs. */
function counted(cron: Cron, text: string, more: Partial<Entry> = {}): string[] {
  const runs: string[] = [];
  const job = (intendedAt: Date) => {
    runs.push(intendedAt.toISOString().slice(11, 19));
  };
  cron.add({ name: text, persist: false, schedule: parser => parser.text(text), job, ...more });
  return runs;
}

test('an occurrence that is less than a second away is not skipped', async () => {
  const { cron, clock } = cronAt(noon - 1);
  const runs = counted(cron, 'every 1 minute');
  await cron.start();
  await clock.pass(2);
  expect(runs).toEqual(['12:00:00']);
});

test('an occurrence at the very moment of the start runs', async () => {
  const { cron, clock } = cronAt(noon);
  const runs = counted(cron, 'every 1 minute');
  await cron.start();
  await clock.pass(minute);
  expect(runs).toEqual(['12:00:00', '12:01:00']);
});

test('a start in the middle of an hour waits for the next one', async () => {
  const { cron, clock } = cronAt(noon + 5 * minute);
  const runs = counted(cron, 'every 1 hour');
  await cron.start();
  await clock.pass(hour);
  expect(runs).toEqual(['13:00:00']);
});

test('starting twice schedules once', async () => {
  const { cron, clock } = cronAt(noon + 1);
  const runs = counted(cron, 'every 1 minute');
  await Promise.all([cron.start(), cron.start()]);
  await clock.pass(minute);
  expect(runs).toEqual(['12:01:00']);
  expect(clock.pending).toBe(1);
});

test('a date months ahead is waited for, though no timer can last so long', async () => {
  const { cron, clock } = cronAt(noon);
  const runs: Date[] = [];
  const date = new Date(noon + 40 * day);
  cron.add({
    name: 'once',
    persist: false,
    schedule: parser => parser.recur().on(date).fullDate(),
    job: at => {
      runs.push(at);
    },
  });
  await cron.start();
  // The scheduler looks at the clock twice a minute. A machine that dozes gets there sooner.
  for (let hours = 0; hours < 41 * 24; hours++) {
    clock.sleep(hour - minute);
    await clock.pass(minute);
  }
  expect(runs).toEqual([date]);
  expect(cron.nextScheduledAtDate('once')).toBeUndefined();
});

test('what is added after the start is scheduled at once', async () => {
  const { cron, clock, messages } = cronAt(noon + 1);
  await cron.start();
  const runs = counted(cron, 'every 1 minute');
  expect(messages).toEqual([`Scheduled "every 1 minute" next run @${new Date(noon + minute)}`]);
  await clock.pass(minute);
  expect(runs).toEqual(['12:01:00']);
});

test('a removed entry does not run, and says so', async () => {
  const { cron, clock, messages } = cronAt(noon + 1);
  const runs = counted(cron, 'every 1 minute');
  await cron.start();
  cron.remove('every 1 minute');
  await clock.pass(5 * minute);
  expect(runs).toEqual([]);
  expect(messages).toContain('Removed "every 1 minute"');
  expect(clock.pending).toBe(0);
});

test('an entry that removes itself runs once', async () => {
  const { cron, clock } = cronAt(noon + 1);
  let runs = 0;
  const job = () => {
    runs++;
    cron.remove('short-lived');
  };
  cron.add({ name: 'short-lived', persist: false, schedule: parser => parser.text('every 1 second'), job });
  await cron.start();
  await clock.pass(minute);
  expect(runs).toBe(1);
});

test('a pause keeps the entries for the next start, and what fell into it is not made up for', async () => {
  const { cron, clock } = cronAt(noon + 1);
  const runs = counted(cron, 'every 1 minute');
  await cron.start();
  await clock.pass(minute);
  await cron.pause();
  expect(cron.running).toBe(false);
  await clock.pass(10 * minute);
  await cron.start();
  await clock.pass(minute);
  expect(runs).toEqual(['12:01:00', '12:12:00']);
});

test('a stop removes all entries, and resolves when the job at work has ended', async () => {
  const { cron, clock } = cronAt(noon - 1);
  let release = () => {};
  const gate = new Promise<void>(resolve => {
    release = resolve;
  });
  let ended = false;
  const job = async () => {
    await gate;
    ended = true;
  };
  cron.add({ name: 'long', persist: false, schedule: parser => parser.text('every 1 minute'), job });
  await cron.start();
  await clock.pass(second);
  const stopped = cron.stop();
  expect(cron.nextScheduledAtDate('long')).toBeUndefined();
  release();
  await stopped;
  expect(ended).toBe(true);
  await cron.stop();
});

test('a job that stops the cron does not wait for itself', async () => {
  const { cron, clock, messages } = cronAt(noon - 1);
  cron.add({ name: 'last', persist: false, schedule: parser => parser.text('every 1 minute'), job: () => cron.stop() });
  await cron.start();
  await clock.pass(2);
  expect(messages).toContain('Finished "last".');
  await cron.stop();
});

test('a job that takes longer than its interval is not started beside itself', async () => {
  const { cron, clock, messages } = cronAt(noon - 1);
  let release = () => {};
  const gate = new Promise<void>(resolve => {
    release = resolve;
  });
  let runs = 0;
  const job = () => {
    runs++;
    return gate;
  };
  cron.add({ name: 'long', persist: false, schedule: parser => parser.text('every 1 minute'), job });
  await cron.start();
  await clock.pass(3 * minute);
  expect(runs).toBe(1);
  expect(messages.filter(message => message.startsWith('Skipping "long"'))).toHaveLength(2);
  release();
});

describe('a logger', () => {
  const failure = new Error('disk full');
  const failing = [
    [
      'throws',
      () => {
        throw failure;
      },
    ],
    ['rejects', () => Promise.reject(failure)],
  ] as const;

  test.each(failing)(
    'that %s stops neither job nor schedule, and what it was given is printed',
    async (_how, logger) => {
      const printed = [jest.spyOn(console, 'info'), jest.spyOn(console, 'error')].map(print =>
        print.mockImplementation(),
      );
      const { cron, clock } = cronAt(noon - 1);
      cron.config({ logger });
      const runs = counted(cron, 'every 1 minute');
      await cron.start();
      await clock.pass(2 * minute);
      expect(runs).toEqual(['12:00:00', '12:01:00']);
      const [said, failures] = printed.map(print => print.mock.calls.flat());
      expect(said).toContain('SyncedCron: Starting "every 1 minute".');
      expect(failures).toContain('SyncedCron: The logger failed: disk full');
      for (const print of printed) print.mockRestore();
    },
  );
});

describe('a clock that is set', () => {
  test('an hour forward loses none of the occurrences in between, and repeats none', async () => {
    const { cron, clock } = cronAt(noon + 1);
    const intervals = counted(cron, 'every 10 minutes');
    const fixed = counted(cron, 'at 12:30');
    await cron.start();
    await clock.pass(5 * minute);
    clock.set(hour);
    await clock.pass(10 * minute);
    const expected = ['12:10:00', '12:20:00', '12:30:00', '12:40:00', '12:50:00', '13:00:00', '13:10:00'];
    expect(intervals).toEqual(expected);
    expect(fixed).toEqual(['12:30:00']);
  });

  test('an hour back repeats none of the occurrences, and goes on where it was', async () => {
    const { cron, clock } = cronAt(noon + 1);
    const intervals = counted(cron, 'every 10 minutes');
    const fixed = counted(cron, 'at 12:30');
    await cron.start();
    await clock.pass(35 * minute);
    clock.set(-hour);
    await clock.pass(hour + 10 * minute);
    expect(intervals).toEqual(['12:10:00', '12:20:00', '12:30:00', '12:40:00']);
    expect(fixed).toEqual(['12:30:00']);
  });

  test('forward and back again runs each occurrence once', async () => {
    const { cron, clock } = cronAt(noon + 1);
    const runs = counted(cron, 'every 10 minutes');
    await cron.start();
    clock.set(hour);
    await clock.pass(minute);
    clock.set(-hour);
    await clock.pass(2 * hour);
    expect(new Set(runs).size).toBe(runs.length);
    expect(runs).toHaveLength(12);
  });

  test('back by years, as it was wrong before, begins afresh', async () => {
    const { cron, clock, messages } = cronAt(noon + 3650 * day);
    const runs = counted(cron, 'every 10 minutes');
    await cron.start();
    clock.set(-3650 * day);
    await clock.pass(20 * minute);
    expect(runs).toContain('12:10:00');
    expect(messages.some(message => message.includes('set back by more than a day'))).toBe(true);
  });
});

describe('a machine that slept', () => {
  test('for minutes makes up for what fell due', async () => {
    const { cron, clock } = cronAt(noon + 1);
    const runs = counted(cron, 'every 10 minutes');
    await cron.start();
    clock.sleep(25 * minute);
    await clock.pass(minute);
    expect(runs).toEqual(['12:10:00', '12:20:00']);
  });

  test('for a night was away: the runs of that time are missed runs, which are skipped by default', async () => {
    const { cron, clock } = cronAt(noon + 1);
    const runs = counted(cron, 'every 10 minutes');
    await cron.start();
    clock.sleep(9 * hour);
    await clock.pass(10 * minute);
    expect(runs).toEqual(['21:10:00']);
  });
});

test('all that is said has the words of the old package', async () => {
  const { cron, clock, messages } = cronAt(noon - 1);
  counted(cron, 'every 1 minute');
  const job = () => {
    throw new Error('no luck');
  };
  cron.add({ name: 'bad', persist: false, schedule: parser => parser.text('every 1 minute'), job });
  await cron.start();
  await clock.pass(2);
  await cron.stop();
  expect(messages.map(message => message.split('\n')[0])).toEqual([
    `Scheduled "every 1 minute" next run @${new Date(noon)}`,
    `Scheduled "bad" next run @${new Date(noon)}`,
    'Starting "every 1 minute".',
    'Starting "bad".',
    'Exception "bad" Error: no luck',
    'Finished "every 1 minute".',
    'Removed "every 1 minute"',
    'Removed "bad"',
  ]);
});
