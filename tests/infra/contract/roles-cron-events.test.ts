import { cronEvent } from '../../../infra/roles/cron-events';
import { Crons } from '../../support/cron';
import { eventually } from '../../support/eventually';
import { FakeClock } from '../../support/fake-clock';

const noon = new Date('2025-06-02T12:00:00Z');
/** A name that no pattern over log lines would find. */
const name = 'a "quoted"\nschedule';

let crons: Crons;
beforeAll(async () => {
  crons = await Crons.open();
});
afterEach(() => crons.clear());
afterAll(() => crons.close());

const events = () => crons.said.map(({ about, ...entry }) => cronEvent(entry, about));

async function runAtNoon(job: () => void = () => {}): Promise<void> {
  const clock = new FakeClock(noon.getTime() - 1);
  const cron = crons.add({}, clock);
  cron.add({ name, schedule: parser => parser.text('every 1 minute'), job });
  await cron.start();
  await clock.pass(2);
  await eventually(async () => (await crons.history(name))[0]?.finishedAt);
}

test('SyncedCron hands over what a message is about: the event, the entry, and the occurrence of a run', async () => {
  await runAtNoon();
  expect(crons.said.map(({ about }) => about)).toEqual(
    expect.arrayContaining([
      { event: 'scheduled', entry: name },
      { event: 'started', entry: name, intendedAt: noon },
      { event: 'finished', entry: name, intendedAt: noon },
    ]),
  );
});

test('a run that fails is an event with the name of its schedule', async () => {
  await runAtNoon(() => {
    throw new Error('out of paper');
  });
  const failed = await eventually(() => events().find(event => event.name === 'cron.failed'));
  expect(failed.fields).toMatchObject({
    schedule: name,
    level: 'error',
    message: expect.stringContaining('out of paper'),
  });
});

test('of two roles one logs that it ran an occurrence; the other is silent, and counts nothing', async () => {
  await runAtNoon();
  await runAtNoon();
  const other = await eventually(() => events().find(event => event.name === 'cron.ranElsewhere'));
  expect(other.fields).toMatchObject({ schedule: name, level: 'debug' });
  expect(events().filter(event => event.name === 'cron.skipped' || event.name === 'cron.finished')).toHaveLength(1);
});

test('with cron.log off a run is an event all the same, at the level debug', () => {
  const entry = { level: 'info', message: 'Finished "x".' } as const;
  expect(cronEvent(entry, { event: 'finished', entry: 'x' }, false)).toMatchObject({
    name: 'cron.finished',
    fields: { schedule: 'x', level: 'debug' },
  });
});
