import { Cron } from '../../../packages/synced-cron/cron';
import type { Entry } from '../../../packages/synced-cron/entry';
import type { LogEntry } from '../../../packages/synced-cron/log';
import { FakeClock } from '../../support/fake-clock';

const start = Date.parse('2025-06-02T12:00:30Z'); // a Monday

const circle: Record<string, unknown> = {};
circle.schedules = circle;

function newCron(): { cron: Cron; said: LogEntry[] } {
  const said: LogEntry[] = [];
  const collection = () => {
    throw new Error('nothing here needs a database');
  };
  const cron = new Cron({ clock: new FakeClock(start), startup: callback => callback(), collection });
  cron.config({ utc: true, logger: entry => said.push(entry) });
  return { cron, said };
}

/** The first date of a schedule. */
function next(schedule: Entry['schedule'], more: Partial<Entry> = {}): string | undefined {
  const { cron } = newCron();
  cron.add({ name: 'x', schedule, job: () => {}, ...more });
  return cron.nextScheduledAtDate('x')?.toISOString().slice(0, 19);
}

/** What is said of a wrong entry. */
function refusal(entry: Partial<Entry>): string {
  const { cron } = newCron();
  try {
    cron.add({ name: 'x', schedule: parser => parser.text('every 1 minute'), job: () => {}, ...entry });
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

/** What is said of a schedule that is taken. */
function warnings(schedule: Entry['schedule']): string[] {
  const { cron, said } = newCron();
  cron.add({ name: 'x', schedule, job: () => {} });
  return said.filter(({ level }) => level === 'warn').map(({ message }) => message);
}

describe('texts', () => {
  test.each([
    ['every minute', '2025-06-02T12:01:00'],
    ['every 1 minute', '2025-06-02T12:01:00'],
    ['every second', '2025-06-02T12:00:31'],
    ['every hour', '2025-06-02T13:00:00'],
    ['every day', '2025-06-03T00:00:00'],
    ['every week', '2025-06-09T00:00:00'],
    ['every month', '2025-07-01T00:00:00'],
    ['every weekday', '2025-06-03T00:00:00'],
    ['every weekend', '2025-06-07T00:00:00'],
    ['every 24 hours', '2025-06-03T00:00:00'],
    ['  Every Minute ', '2025-06-02T12:01:00'],
    ['at 10:15 am', '2025-06-03T10:15:00'],
    ['at 2:30 pm on Sunday', '2025-06-08T14:30:00'],
    ['every hour after 8:00 pm', '2025-06-02T20:00:00'],
    ['on the last day of the month', '2025-06-30T00:00:00'],
  ])('"%s" runs next at %s', (text, date) => {
    expect(next(parser => parser.text(text))).toBe(date);
  });

  test.each([
    ['every foo bar', 'it stopped before "foo bar" (position 6)'],
    ['every 10 minits', 'it stopped before "minits" (position 9)'],
    ['at 25:00', 'it stopped before "25:00" (position 3)'],
    ['hourly', 'it stopped before "hourly" (position 0)'],
    ['every', 'it stopped at its end (position 5)'],
    ['foo every minute', 'it stopped before "foo every minute" (position 0)'],
    [' every minute, every  hour bar', 'it stopped before "bar" (position 27)'],
    ['on Monday every 0 minutes', 'it stopped before "every 0 minutes" (position 10)'],
    ['every between and', 'the schedule text "every between and" doesn\'t parse. Texts look like'],
    ['', 'the schedule text "" is empty'],
  ])('"%s" is refused in words: %s', (text, message) => {
    const said = refusal({ schedule: parser => parser.text(text) });
    expect(said).toContain('SyncedCron: "x": ');
    expect(said).toContain(message);
  });

  test.each(['every 90 minutes', 'every 40 days', 'every 36 hours'])(
    'a step that does not fit is warned of: %s',
    text => {
      expect(warnings(parser => parser.text(text))).toEqual([expect.stringContaining(`"${text}" is counted within`)]);
    },
  );

  test.each(['every 60 minutes', 'every 100 days of the year'])('a step that fits is not: %s', text => {
    expect(warnings(parser => parser.text(text))).toEqual([]);
  });
});

describe('cron expressions', () => {
  test.each([
    ['30 2 * * *', '2025-06-03T02:30:00'],
    ['15 10 * * ? *', '2025-06-03T10:15:00'],
    ['*/10 * * * *', '2025-06-02T12:10:00'],
    ['0 9 * * 1-5', '2025-06-03T09:00:00'],
    ['0 9 * * mon', '2025-06-09T09:00:00'],
    ['0 9 * * 0', '2025-06-08T09:00:00'],
    ['0 9 * * 7', '2025-06-08T09:00:00'],
    ['0 9 * * 6-7', '2025-06-07T09:00:00'],
    ['0 0 1 jan *', '2026-01-01T00:00:00'],
    ['0 0 L * *', '2025-06-30T00:00:00'],
    ['0 0 * * 5L', '2025-06-27T00:00:00'],
    ['0 0 * * 2#1', '2025-06-03T00:00:00'],
    ['0 0 * * 7#1', '2025-07-06T00:00:00'],
    ['0 0 * * 7L', '2025-06-29T00:00:00'],
    ['0 0 15,L * *', '2025-06-15T00:00:00'],
    ['*/60 * * * *', '2025-06-02T13:00:00'],
    ['@daily', '2025-06-03T00:00:00'],
    ['0 0 29 2 *', '2028-02-29T00:00:00'],
  ])('"%s" runs next at %s', (expression, date) => {
    expect(next(parser => parser.cron(expression))).toBe(date);
  });

  test('with seconds they begin with them', () => {
    expect(next(parser => parser.cron('*/5 * * * * *', true))).toBe('2025-06-02T12:00:35');
    expect(next(parser => parser.cron('* * * * * ?', true))).toBe('2025-06-02T12:00:31');
  });

  test('a step over all that a field counts is warned of', () => {
    expect(warnings(parser => parser.cron('*/60 * * * *'))).toEqual([]);
    expect(warnings(parser => parser.cron('*/90 * * * *'))).toEqual([expect.stringContaining('"*/90" steps over all')]);
  });

  test.each([
    ['foo bar', 'has 2 fields, it needs 5 or 6'],
    ['* * * * * * *', 'has 7 fields, it needs 5 or 6'],
    ['61 * * * *', 'it stopped at "61" in the minute (position 0), which takes 0 to 59'],
    ['0 24 * * *', 'it stopped at "24" in the hour (position 2), which takes 0 to 23'],
    ['0 9 * * funday', 'it stopped at "funday" in the day of the week (position 8)'],
    ['*/0 * * * *', 'it stopped at "*/0" in the minute'],
    ['5-1 * * * *', 'it stopped at "5-1" in the minute'],
    ['1,,2 * * * *', 'it stopped at "" in the minute (position 2)'],
    ['0 0 0 * *', 'it stopped at "0" in the day of the month (position 4)'],
    ['0 0 LW * *', 'it stopped at "LW" in the day of the month'],
    ['5L * * * *', 'it stopped at "5L" in the minute'],
    ['@reboot', "doesn't parse: of these, there are @yearly"],
  ])('"%s" is refused in words: %s', (expression, message) => {
    expect(refusal({ schedule: parser => parser.cron(expression) })).toContain(message);
  });
});

test('a schedule by recur is taken as it is built, in whatever order', () => {
  expect(next(parser => parser.recur().on(15).minute().on(3).hour())).toBe('2025-06-03T03:15:00');
  expect(next(parser => parser.recur().on(30, 5).minute().on(3).hour())).toBe('2025-06-03T03:05:00');
});

test('a schedule that is written by hand is taken as well', () => {
  expect(next(() => ({ schedules: [{ h: [10], m: [30, 5] }] }))).toBe('2025-06-03T10:05:00');
});

test('the last day beside others in one list is not overlooked', () => {
  const { cron } = newCron();
  cron.add({ name: 'x', schedule: parser => parser.recur().on(1, 0).dayOfMonth(), job: () => {} });
  expect(cron.nextScheduledAtDate('x')).toEqual(new Date('2025-06-30T00:00:00Z'));
  cron.add({ name: 'y', schedule: parser => parser.recur().on(15, 0).dayOfMonth(), job: () => {} });
  expect(cron.nextScheduledAtDate('y')).toEqual(new Date('2025-06-15T00:00:00Z'));
});

test.each(['', 'GMT-5'])('the time zone of a machine with TZ="%s" needs no name', tz => {
  const named = jest.spyOn(Intl.DateTimeFormat.prototype, 'resolvedOptions');
  named.mockReturnValue({ timeZone: tz || 'Etc/Unknown' } as Intl.ResolvedDateTimeFormatOptions);
  const { cron } = newCron();
  cron.config({ utc: false });
  cron.add({ name: 'x', schedule: parser => parser.text('at 2:30'), job: () => {} });
  expect(cron.nextScheduledAtDate('x')).toBeDefined();
  named.mockRestore();
});

test('a one-off date in the past is no error: it is over', () => {
  expect(
    next(parser =>
      parser
        .recur()
        .on(new Date(start - 1000))
        .fullDate(),
    ),
  ).toBeUndefined();
});

test.each([
  ['a schedule that can never happen', { schedule: parser => parser.cron('0 0 30 2 *') }, 'the schedule never happens'],
  ['a schedule that names nothing', { schedule: () => ({ schedules: [] }) }, 'the schedule is empty'],
  [
    'a field of no meaning',
    { schedule: () => ({ schedules: [{ hh: [10] }] }) },
    'a field "hh", which later doesn\'t know',
  ],
  [
    'a value in no list',
    { schedule: () => ({ schedules: [{ h: 10 }] }) as never },
    'field "h" is a list of numbers, got 10',
  ],
  ['no schedule', { schedule: () => undefined as never }, 'schedule returned undefined'],
  ['a promise', { schedule: (async () => ({ schedules: [] })) as never }, 'schedule returned a promise'],
  ['a name that is none', { name: '' }, 'name is a name that is not empty, without half a surrogate pair, got ""'],
  ['a name with half a sign', { name: 'report \ud83d' }, 'without half a surrogate pair, got "report'],
  [
    'a schedule that throws what is no error',
    {
      schedule: () => {
        throw null;
      },
    },
    'SyncedCron: "x": null',
  ],
  ['a schedule in a circle', { schedule: () => circle as never }, 'schedule returned {"schedules":{'],
  ['a job that is none', { job: 'run' as never }, 'job of "x" is a function, got "run"'],
  [
    'a zone that is none',
    { timezone: 'Europe/Berlyn' },
    'timezone of "x" is an IANA time zone such as "Europe/Berlin", got "Europe/Berlyn"',
  ],
  [
    'a policy that is none',
    { missedRuns: 'twice' as never },
    "missedRuns of \"x\" is 'skip', 'once' or 'all', got \"twice\"",
  ],
  ['a limit that is none', { missedRunsLimit: 0 }, 'missedRunsLimit of "x" is a whole number from 1 on, got 0'],
] as [string, Partial<Entry>, string][])('%s is refused', (_what, entry, message) => {
  expect(refusal(entry)).toContain(message);
});

test('another entry of the same name is refused, the same entry again is warned of', () => {
  const { cron, said } = newCron();
  const entry: Entry = { name: 'x', schedule: parser => parser.text('every 1 minute'), job: () => 'one' };
  cron.add(entry);
  cron.add({ ...entry });
  expect(said).toEqual([expect.objectContaining({ level: 'warn', message: '"x" was added twice: once is enough.' })]);
  expect(() => cron.add({ ...entry, job: () => 'two' })).toThrow('there is an entry "x" already');
});

test('an entry that differs only by what its functions close over, or by an option, is another one', () => {
  const { cron } = newCron();
  const addReport = (at: string, whose: string) =>
    cron.add({ name: 'report', schedule: parser => parser.text(at), job: () => whose });
  addReport('at 8:00 am', 'old');
  expect(() => addReport('at 5:00 pm', 'new')).toThrow('there is an entry "report" already');
  const entry: Entry = { name: 'x', schedule: parser => parser.text('at 8:00 am'), job: () => 'one' };
  cron.add(entry);
  expect(() => cron.add({ ...entry, timezone: 'Europe/Berlin' })).toThrow('there is an entry "x" already');
  expect(() => cron.add({ ...entry, userId: 5 } as Entry)).toThrow('there is an entry "x" already');
});

test.each([
  ['timeZone', 'timezone'],
  ['time_zone', 'timezone'],
  ['missedRun', 'missedRuns'],
  ['onSucces', 'onSuccess'],
  ['persists', 'persist'],
])('an option in the wrong letters is warned of: %s', (written, meant) => {
  const { cron, said } = newCron();
  const schedule: Entry['schedule'] = parser => parser.text('every 1 minute');
  cron.add({ name: 'x', schedule, job: () => {}, [written]: 'any' } as Entry);
  expect(said[0]?.message).toContain(`did you mean "${meant}"?`);
});

test.each(['userID', 'date', 'jobs', 'names', 'title'])("a field of the entry's own is not: %s", field => {
  const { cron, said } = newCron();
  cron.add({ name: 'x', schedule: parser => parser.text('every 1 minute'), job: () => {}, [field]: 5 } as Entry);
  expect(said).toEqual([]);
});

test('options that can have no effect are warned of', () => {
  const { cron, said } = newCron();
  const schedule: Entry['schedule'] = parser => parser.text('every 1 minute');
  cron.add({ name: 'x', schedule, job: () => {}, persist: false, missedRuns: 'once', missedRunsLimit: 5 });
  expect(said.map(({ message }) => message)).toEqual([
    '"x": missedRuns has no effect without persist, as no history is kept',
    `"x": missedRunsLimit has no effect without missedRuns: 'all'`,
  ]);
  said.length = 0;
  const timeout = { timeoutToConsiderRunningForParallelExecution: 5 };
  cron.add({ name: 'y', schedule, job: () => {}, allowParallelExecution: true, ...timeout });
  expect(said.map(({ message }) => message)).toEqual([
    '"y": timeoutToConsiderRunningForParallelExecution has no effect, as its runs may overlap',
  ]);
});

describe('a call that means one entry', () => {
  const calls = ['remove', 'nextScheduledAtDate', 'run'] as const;
  test.each(calls.flatMap(call => [undefined, null, '', {}, 5].map(given => [call, given] as const)))(
    'is refused without a name: %s(%p)',
    async (call, given) => {
      const { cron } = newCron();
      cron.add({ name: 'undefined', schedule: parser => parser.text('every 1 minute'), job: () => {} });
      await expect(async () => cron[call](given as never)).rejects.toThrow(
        `SyncedCron.${call}: name is the name of an`,
      );
      expect(Object.keys(cron._entries)).toEqual(['undefined']);
    },
  );

  test('says which name may be meant', async () => {
    const { cron, said } = newCron();
    cron.add({ name: 'report', schedule: parser => parser.text('every 1 minute'), job: () => {} });
    cron.remove('reprot');
    expect(said.at(-1)).toMatchObject({ level: 'warn', message: expect.stringContaining('did you mean report?') });
    await expect(cron.run('reprot')).rejects.toThrow('there is no entry "reprot", did you mean report?');
  });
});

test.each(['start', 'pause', 'stop'] as const)('a call that means all entries takes no name: %s', call => {
  const { cron } = newCron();
  cron.add({ name: 'x', persist: false, schedule: parser => parser.text('every 1 minute'), job: () => {} });
  const loosely = cron as unknown as Record<string, (...given: unknown[]) => unknown>;
  expect(() => loosely[call]!('x')).toThrow(
    `SyncedCron.${call}: takes no arguments, as it is for all entries, got "x"`,
  );
  expect(() => loosely[call]!(undefined)).toThrow('got undefined');
  expect(Object.keys(cron._entries)).toEqual(['x']);
});

test('each entry has a time zone of its own', () => {
  const schedule: Entry['schedule'] = parser => parser.text('at 9:00 am');
  expect(next(schedule, { timezone: 'Europe/Berlin' })).toBe('2025-06-03T07:00:00');
  expect(next(schedule, { timezone: 'Asia/Kolkata' })).toBe('2025-06-03T03:30:00');
  expect(next(schedule)).toBe('2025-06-03T09:00:00');
});

describe('config', () => {
  test('refuses values of the wrong kind', () => {
    const { cron } = newCron();
    expect(() => cron.config({ collectionTTL: -1 })).toThrow('SyncedCron.config: collectionTTL is a number of seconds');
    expect(() => cron.config({ collectionTTL: 1e12 })).toThrow('a number of seconds up to 2147483647, or null');
    expect(() => cron.config({ utc: 'yes' as never })).toThrow('SyncedCron.config: utc is true or false, got "yes"');
    expect(() => cron.config({ collectionTTL: Number.NaN })).toThrow('collectionTTL is a number of seconds');
    expect(() => cron.config({ collectionTTL: '' as never })).toThrow('collectionTTL is a number of seconds');
    expect(() => cron.config({ leaseSeconds: 1e9 })).toThrow('leaseSeconds is a number of seconds from 1 to 86400');
    expect(() => cron.config(null as never)).toThrow('SyncedCron.config: takes options, got null');
  });

  test('takes 0 for no TTL, as ever', () => {
    const { cron } = newCron();
    cron.config({ collectionTTL: 0 });
    expect(cron.options.collectionTTL).toBe(0);
  });

  test('warns of options that do not exist', () => {
    const { cron, said } = newCron();
    cron.config({ ttl: 5 } as never);
    expect(said[0]).toMatchObject({ level: 'warn', message: expect.stringContaining('there is no option "ttl"') });
  });

  test('warns of what comes after the start, except for the logger', async () => {
    const { cron, said } = newCron();
    await cron.start();
    cron.config({ utc: false, log: true });
    expect(said.map(({ message }) => message)).toEqual([expect.stringContaining('"utc" came after start()')]);
    await cron.stop();
  });
});
