import { type CommandStartedEvent, MongoClient } from 'mongodb';
import { testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { TestQueue } from '../../support/queue';
import { MovedClock, TestSchedules } from '../../support/schedules';

const count = 2_000;
const hour = 3_600_000;

test('thousands of schedules cost one timer, a few queries while nothing is due, and six for 500 that are', async () => {
  const database = await testDatabase();
  const client = await new MongoClient(database.url, { monitorCommands: true }).connect();
  const commands: string[] = [];
  client.on('commandStarted', ({ commandName }: CommandStartedEvent) => commands.push(commandName));
  const clock = new MovedClock();
  const drop = async () => {
    await client.close();
    await database.drop();
  };
  const opened = await TestQueue.open({ clock }, { ...database, db: client.db(), drop });
  const test = await TestSchedules.of(opened);
  try {
    await test.schedules.put({ name: 'customer:0', every: hour, jitter: hour, taskType: 'ping', data: { n: 0 } });
    const { collection } = test.schedules.store;
    const first = (await collection.findOne({}))!;
    const others = Array.from({ length: count - 1 }, (_, n) => ({ ...first, _id: `customer:${n + 1}` }));
    await collection.insertMany(others);

    commands.length = 0;
    await test.run();
    // A look that finds nothing due asks for an unknown type, and for the earliest of all.
    await eventually(() => commands.filter(name => name === 'find').length >= 2);
    expect(commands.filter(name => name === 'find').length).toBeLessThanOrEqual(4);
    await test.stop();

    clock.offsetMs = 2 * hour;
    await collection.updateMany({}, { $set: { missedRuns: 'once' } });
    commands.length = 0;
    await test.run();
    await eventually(async () => (await opened.queue.find({}).countAsync()) >= count);
    await eventually(async () => !(await collection.findOne({ claim: { $exists: true } })));
    const ofBatches = commands.filter(name => ['insert', 'update'].includes(name)).length;
    // An insert and two updates for each batch of 500; a claim that is over on a slow machine is taken up again.
    expect(ofBatches).toBeLessThan(4 * (count / 500) + 1);
  } finally {
    await test.stop();
    await opened.close();
  }
});
