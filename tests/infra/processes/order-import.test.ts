import { Readable } from 'node:stream';
import type { AnyCatalog } from '../../../infra/catalog';
import { FileStore } from '../../../infra/database';
import { type Batch, TaskQueueOf } from '../../../infra/queue';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { Mailbox } from '../../support/mailbox';
import { OrderApi } from '../../support/order-api';
import type { TestProcess } from '../../support/processes';
import { RecipeApp } from '../../support/recipe-app';

jest.setTimeout(120_000);

interface Recipe {
  startImport(file: string, mail: string, linesPerChunk?: number): Promise<string>;
  readImport(id: string): Promise<Batch | undefined>;
  cancelImport(id: string): Promise<unknown>;
}

/** One with 10,000 lines and nine with 10: with 500 lines in a chunk, 20 chunks and 9. The API refuses one of the nine. */
const customers = ['big', ...Array.from({ length: 9 }, (_, n) => `small-${n}`)];
const refused = 'small-4';
const linesOf = (customer: string) =>
  Array.from({ length: customer === 'big' ? 10_000 : 10 }, (_, n) => `${customer},${n}`);
const linesPerChunk = 500;
const chunks = { all: 29, sent: 28, lines: 10_080 };

const needed = /\bsendMail: |'sendMail'> =|defineRates\(/;
const app = new RecipeApp(['docs/recipes/order-import.md'], ({ text }) => needed.test(text));
const api = new OrderApi(refused);
let database: TestDatabase;
let mailbox: Mailbox;
let queue: TaskQueueOf<AnyCatalog>;
let recipe: Recipe;
let file: string;
let startRole: () => Promise<TestProcess>;
let victim: TestProcess;

/** A call is counted when it arrives: on a machine that runs other tests as well, up to a second after it was granted. */
const [rate, forBusyMachine] = ['{ max: 10, per: 1_250 }', '{ max: 10, per: 2_000 }'];

beforeAll(async () => {
  [database, mailbox] = await Promise.all([
    testDatabase(),
    Mailbox.open(),
    app.build(text => text.replace(rate, forBusyMachine)),
  ]);
  const [catalog, url] = await Promise.all([app.catalog(), api.listen()]);
  queue = new TaskQueueOf(catalog);
  await queue.connect({ db: database.db, sender: { appId: 'web', version: '1', rootUrl: 'http://localhost' } });
  recipe = (await app.load('imports/api/orders/order-import.ts', queue)) as unknown as Recipe;
  const lines = Readable.from([customers.flatMap(linesOf).join('\n')]);
  const facts = { name: 'orders.csv', type: 'text/csv', owner: 'somebody', kind: 'orders' };
  file = (await new FileStore(database.db).put(lines, facts)).id;
  const handlerSettings = { mail: { url: mailbox.url, from: 'shop@example.com' } };
  startRole = () =>
    app.startRole({
      mongoUrl: database.url,
      dispatcher: { heartbeatMs: 2_500, leaseMs: 15_000, refreshRate: 100 },
      pool: { maxWorkers: 1, handlerSettings, env: { ORDER_API: url } },
    });
  victim = await startRole();
});
afterAll(async () => {
  await app.remove();
  api.close();
  await Promise.all([database.drop(), mailbox.close()]);
});
beforeEach(() => {
  api.taken.clear();
  mailbox.mails.length = 0;
});
/** Whatever happened, and however many roles there were. */
afterEach(() => {
  expect(api.mostWithin(1_000)).toBeLessThanOrEqual(10);
  expect(api.twoAtOnce).toEqual([]);
});

const start = () => recipe.startImport(file, 'ada@example.com', linesPerChunk);
const becomes = (id: string, state: string) =>
  eventually(async () => (await recipe.readImport(id))?.state === state, { everyMs: 50 });
const takenLines = () => [...api.taken.values()].flatMap(({ lines }) => lines);

/** All lines but those of the refused one have come, each once; the summary and the mail as well. */
async function expectAllSent(id: string): Promise<void> {
  await becomes(id, 'ended');
  const summary = (await queue.result(`${id}:then`)) as { failed: string[] };
  expect(summary).toEqual({ failed: [expect.any(String)], chunks: chunks.sent, lines: chunks.lines });
  const failed = await queue.findOne(summary.failed[0]!);
  expect(failed).toMatchObject({ data: { customer: refused }, error: { name: 'FatalError' }, attempts: { length: 1 } });
  // The one more is what split the file.
  expect(await recipe.readImport(id)).toMatchObject({ added: chunks.all + 1, done: chunks.sent + 1, failed: 1 });
  const expected = customers.filter(name => name !== refused).flatMap(linesOf);
  expect(takenLines().sort()).toEqual(expected.sort());
  await eventually(async () => (await queue.findOne(`${id}:onFailure`))?.state === 'done');
  const after = await queue.find({ afterBatch: id }).fetchAsync();
  expect(after.map(({ attempts }) => attempts.map(({ outcome }) => outcome))).toEqual([['done'], ['done']]);
  expect(mailbox.mails).toEqual([expect.stringContaining('Some orders could not be sent')]);
}

test('the recipe has at most 80 lines', () => {
  expect(app.lines).toBeLessThanOrEqual(80);
});

test('all that can be sent is sent, a summary comes, and a mail about what has failed', async () => {
  await expectAllSent(await start());
});

test('the user cancels it: no more chunk, no summary, no mail', async () => {
  const id = await start();
  await eventually(() => api.taken.size > 0);
  await recipe.cancelImport(id);
  await becomes(id, 'ended');
  const { added, done, cancelled } = (await recipe.readImport(id))!;
  expect({ added, ended: done + cancelled > 20, few: done < 20 }).toEqual({
    added: chunks.all + 1,
    ended: true,
    few: true,
  });
  const after = await queue.find({ afterBatch: id }).fetchAsync();
  expect(after.map(({ state }) => state)).toEqual(['cancelled', 'cancelled']);
  expect(mailbox.mails).toEqual([]);
});

test('kill -9 of its jobs role in the middle of it: another one goes on, and nothing comes twice', async () => {
  const before = api.calls.length;
  const id = await start();
  await eventually(() => api.calls.length > before + 12);
  api.hold();
  await eventually(() => api.heldCalls > 0);
  victim.signal('SIGKILL');
  api.release();
  await startRole();
  await expectAllSent(id);
  expect(await queue.find({ batch: id, 'attempts.outcome': 'rescued' }).countAsync()).toBeGreaterThan(0);
});
