/**
 * How much work elsewhere disturbs the web role on the same machine: `npm run bench:interference`.
 *
 * Lets 50 visitors with an open page call a method of the web role every 250 ms, and prints the round trips: idle, with
 * four CPU-bound tasks, while a worker writes the books of a report of 200,000 rows, and while 20,000 tasks are added and
 * removed at once. Ends with 1 where the web role stutters.
 *
 * It starts both roles as real processes on a fresh database. E2E_WEB_URL and MONGO_URL measure a pair that is up, on
 * Meteor for example; its database should be fresh.
 */
import { cpus } from 'node:os';
import { everyMs, measure, openVisitor, openVisitors, type RoundTrips, warmUp } from './interference-visitors';
import { addInBulk, buildReport, burn } from './interference-work';
import { type Pair, startPair } from './pair';

const visitors = 50;
const measureMs = 10_000;
const burners = 4;
const rows = 200_000;
const tasks = 20_000;

/** What a person does not notice, in milliseconds; below it the ratio says more about an idle machine than about work. */
const unnoticedMs = 100;
const aim = 3;

async function measureAll({ webUrl, mongoUrl }: Pair): Promise<Record<string, RoundTrips>> {
  const clients = await openVisitors(webUrl, visitors);
  const worker = await openVisitor(webUrl);
  await warmUp(webUrl);
  const idle = await measure(clients, measureMs);
  await burn(worker, measureMs / 1_000 + 5, burners);
  const burning = await measure(clients, measureMs);
  const reporting = await measure(clients, measureMs, buildReport(worker, rows));
  const adding = await measure(clients, measureMs, addInBulk(mongoUrl, tasks));
  for (const client of [...clients, worker]) client.close();
  return {
    idle,
    [`${burners} CPU-bound tasks`]: burning,
    [`a report of ${rows} rows`]: reporting,
    [`${tasks} tasks added and removed`]: adding,
  };
}

function judge(idle: RoundTrips, name: string, { p99 }: RoundTrips): void {
  const within = p99 < Math.max(aim * idle.p99, unnoticedMs);
  const ratio = (p99 / idle.p99).toFixed(2);
  console.log(`${name}: the p99 is ${p99} ms, ${ratio} times the idle one: ${within ? 'ok' : 'IT STUTTERS'}`);
  if (!within) process.exitCode = 1;
}

async function run(): Promise<void> {
  const pair = await startPair();
  try {
    const { idle, ...disturbed } = await measureAll(pair);
    console.log(`${visitors} visitors, a call every ${everyMs} ms, ${cpus().length} cores, in ms:`);
    console.table({ idle, ...disturbed });
    for (const [name, roundTrips] of Object.entries(disturbed)) judge(idle!, name, roundTrips);
  } finally {
    await pair.stop();
  }
}

run().catch(error => {
  console.error(error);
  process.exitCode = 1;
});
