import { Cron } from '../../../packages/synced-cron/cron';
import { type Entry, timetableOf } from '../../../packages/synced-cron/entry';
import { Zone } from '../../../packages/synced-cron/time/zone';
import { FakeClock } from '../../support/fake-clock';
import { propertySize } from '../../support/property-size';

const minute = 60_000;
const hour = 60 * minute;

/** The days on which clocks are set, all of them before three in the morning, with their length in hours. */
const changes = [
  { timezone: 'Europe/Berlin', day: '2025-03-30', hours: 23 },
  { timezone: 'Europe/Berlin', day: '2025-10-26', hours: 25 },
  { timezone: 'America/New_York', day: '2025-03-09', hours: 23 },
  { timezone: 'America/New_York', day: '2025-11-02', hours: 25 },
  { timezone: 'Australia/Lord_Howe', day: '2025-10-05', hours: 23.5 },
  { timezone: 'Australia/Lord_Howe', day: '2025-04-06', hours: 24.5 },
];

/** How many hours at the end of such a day are left out; a larger PROPERTY_SIZE goes through all of it. */
const skipped = propertySize > 1 ? 0 : 18;

/** The instant at which the clocks of a zone show that time; none of these is a change. */
function instantOf(time: string, timezone: string): number {
  const guess = Date.parse(`${time}Z`);
  const zone = Zone.of(timezone);
  return guess - zone.offsetAt(guess - zone.offsetAt(guess));
}

/** Runs a cron by a fake clock through that day, and gives the runs of each entry. */
async function runsOfAll(day: string, timezone: string, entries: Named[], skipped = 0): Promise<Map<string, number[]>> {
  const start = instantOf(`${day}T00:00:00`, timezone);
  const end = instantOf(new Date(Date.parse(day) + (24 - skipped) * hour).toISOString().slice(0, 19), timezone);
  const clock = new FakeClock(start);
  const cron = cronOn(clock);
  const runs = new Map<string, number[]>(entries.map(([name]) => [name, []]));
  const job = (intendedAt: Date, name: string) => {
    runs.get(name)!.push(intendedAt.getTime());
  };
  for (const [name, schedule] of entries) cron.add({ name, timezone, persist: false, schedule, job });
  await cron.start();
  await clock.pass(end - start - 1);
  await cron.stop();
  return runs;
}

async function runsOn(day: string, timezone: string, schedule: Entry['schedule']): Promise<number[]> {
  return (await runsOfAll(day, timezone, [['counted', schedule]])).get('counted')!;
}

function cronOn(clock: FakeClock): Cron {
  const collection = () => {
    throw new Error('entries without a history need no database');
  };
  const cron = new Cron({ clock, startup: callback => callback(), collection });
  cron.config({ log: false });
  return cron;
}

const wallClock = (timezone: string) => (instant: number) =>
  new Date(instant).toLocaleTimeString('en-GB', { timeZone: timezone, timeStyle: 'medium' });

type Named = [name: string, schedule: Entry['schedule']];

/** The same schedule as a text and as a cron expression. */
const both = (text: string, cron: string): Named[] => [
  [`text "${text}"`, parser => parser.text(text)],
  [`cron "${cron}"`, parser => parser.cron(cron)],
];

const fixed = ['1:15', '1:30', '1:45', '2:00', '2:15', '2:30', '2:45', '3:00', '0:00'].flatMap(time => {
  const [hours, minutes] = time.split(':');
  return both(`at ${time}`, `${Number(minutes)} ${hours} * * *`);
});
const everyMinute: Named[] = [['text "every minute"', parser => parser.text('every minute')]];
const tenMinutes = both('every 10 minutes', '*/10 * * * *');
const hourly = both('every 1 hour', '0 * * * *');
const everyTwoHours = both('every 2 hours', '0 */2 * * *');

const pauses = (runs: number[]) => new Set(runs.slice(1).map((run, nth) => run - runs[nth]!));

describe.each(changes)('in $timezone on $day', ({ timezone, day, hours: ofDay }) => {
  const hours = ofDay - skipped;
  let runs: Map<string, number[]>;
  beforeAll(async () => {
    const all = [...fixed, ...everyMinute, ...tenMinutes, ...hourly, ...everyTwoHours];
    runs = await runsOfAll(day, timezone, all, skipped);
  });

  test.each(fixed)('%s runs once', name => {
    expect(runs.get(name)).toHaveLength(1);
  });

  test.each(tenMinutes)('%s goes on by elapsed time', name => {
    expect(runs.get(name)).toHaveLength(hours * 6);
    expect(pauses(runs.get(name)!)).toEqual(new Set([10 * minute]));
  });

  test.each(everyMinute)('%s runs once in each minute that passes', name => {
    expect(runs.get(name)).toHaveLength(hours * 60);
  });

  test.each(hourly)('%s leaves no pause longer than an hour', name => {
    expect(runs.get(name)).toHaveLength(Math.ceil(hours));
    expect(Math.max(...pauses(runs.get(name)!))).toBe(hour);
  });

  test.each(everyTwoHours)('%s leaves no pause longer than two hours', name => {
    expect(runs.get(name)).toHaveLength(Math.ceil(hours / 2));
    expect(Math.max(...pauses(runs.get(name)!))).toBe(2 * hour);
  });
});

describe('a time of the day', () => {
  test.each([
    ['Europe/Berlin', '2025-03-30', '2:30', '03:30:00'],
    ['America/New_York', '2025-03-09', '2:30', '03:30:00'],
    ['Australia/Lord_Howe', '2025-10-05', '2:15', '02:45:00'],
  ])('that does not exist in %s on %s is later by the jump: %s runs at %s', async (timezone, day, time, shown) => {
    const runs = await runsOn(day, timezone, parser => parser.text(`at ${time}`));
    expect(runs.map(wallClock(timezone))).toEqual([shown]);
  });

  test.each([
    ['Europe/Berlin', '2025-10-26', '2:30', '2025-10-26T00:30:00.000Z'],
    ['America/New_York', '2025-11-02', '1:30', '2025-11-02T05:30:00.000Z'],
    ['Australia/Lord_Howe', '2025-04-06', '1:45', '2025-04-05T14:45:00.000Z'],
  ])('that comes twice in %s on %s runs the first time: %s at %s', async (timezone, day, time, instant) => {
    const runs = await runsOn(day, timezone, parser => parser.text(`at ${time}`));
    expect(runs.map(run => new Date(run).toISOString())).toEqual([instant]);
  });

  test('with minutes that repeat in one hour has each of them once', async () => {
    const schedule: Entry['schedule'] = parser => parser.cron('*/10 2 * * *');
    expect(await runsOn('2025-03-30', 'Europe/Berlin', schedule)).toHaveLength(6);
    expect(await runsOn('2025-10-26', 'Europe/Berlin', schedule)).toHaveLength(6);
  });

  test('in a list of hours has each of them once, unlike a step', async () => {
    const listed: Entry['schedule'] = parser => parser.cron('0 0,2,4 * * *');
    expect(await runsOn('2025-10-26', 'Europe/Berlin', listed)).toHaveLength(3);
    const recurring: Entry['schedule'] = parser => parser.recur().every(2).hour().first().minute();
    expect(await runsOn('2025-10-26', 'Europe/Berlin', recurring)).toHaveLength(13);
  });
});

test('an interval that is bound to other days gets nothing from a change of the clocks', async () => {
  const mondays: Entry['schedule'] = parser => parser.text('every 10 minutes on Monday');
  expect(await runsOn('2025-10-26', 'Europe/Berlin', mondays)).toEqual([]);
});

/** Zones whose clocks go forward at midnight, with that moment; Samoa went forward over a whole day. */
const midnights: [string, string][] = [
  ['America/Santiago', '2025-09-07T04:00:00Z'],
  ['America/Sao_Paulo', '2018-11-04T03:00:00Z'],
  ['Asia/Beirut', '2025-03-29T22:00:00Z'],
  ['Africa/Cairo', '2025-04-24T22:00:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
];

test.each(midnights)('in %s a midnight that does not exist is the first moment of the day', (timezone, first) => {
  const cron = cronOn(new FakeClock(Date.parse(first) - 1000));
  cron.add({ name: 'daily', timezone, schedule: parser => parser.text('every day'), job: () => {} });
  expect(cron.nextScheduledAtDate('daily')).toEqual(new Date(first));
});

test('an interval goes on over a midnight that does not exist, from one kind of day to another', () => {
  // Havana, Sunday 8 March 2026: the clocks go from 0:00 to 1:00. 6#1 is the Saturday before.
  const schedule: Entry['schedule'] = parser => parser.cron('0 */2 * 3 6#1,0');
  const { timetable } = timetableOf({ name: 'x', timezone: 'America/Havana', schedule, job() {} }, false);
  const evening = Date.parse('2026-03-08T03:00:00Z');
  const toWall = wallClock('America/Havana');
  expect(timetable.between(evening - 1, evening + 4 * hour).map(toWall)).toEqual(['22:00:00', '01:00:00', '02:00:00']);
});

test('in UTC no clock is ever set', async () => {
  const cron = cronOn(new FakeClock(Date.parse('2025-03-30T01:59:59Z')));
  cron.config({ utc: true });
  cron.add({ name: 'at half', schedule: parser => parser.text('at 2:30 am'), job: () => {} });
  expect(cron.nextScheduledAtDate('at half')).toEqual(new Date('2025-03-30T02:30:00Z'));
});
