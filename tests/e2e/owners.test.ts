import { MongoClient } from 'mongodb';
import { Pauses } from '../../infra/queue/store/control';
import { eventually } from '../support/eventually';
import { ForeignClient } from '../support/foreign-ddp';
import { runningPair, startRoles, type TestRoles } from '../support/roles';

jest.setTimeout(120_000);

/** A ceiling for what workers do on a machine that runs other tests as well. */
const patiently = { timeoutMs: 40_000 };

let roles: TestRoles;

beforeAll(async () => {
  const open = { metrics: { token: null } };
  roles = await startRoles({ settings: { web: open, jobs: open } });
}, 60_000);

afterAll(() => roles.stop(), 30_000);

const visitor = () => ForeignClient.visitor(roles.webUrl);

describe("a visitor's own", () => {
  test('report can not be seen, stopped, removed or downloaded by another, who knows its id', async () => {
    const owner = await visitor();
    const thief = await visitor();
    await owner.client.subscribe('reports.mine');
    await thief.client.subscribe('reports.mine');
    const id = await owner.client.call<string>('reports.build', { rows: 50 });
    const report = () => owner.client.list('reports').find(({ _id }) => _id === id);
    const file = await eventually(() => (report()?.file as { id: string } | undefined)?.id, patiently);

    expect(thief.client.list('reports')).toEqual([]);
    for (const method of ['tasks.cancel', 'reports.retry', 'reports.remove']) {
      await expect(thief.client.call(method, id)).rejects.toMatchObject({ error: expect.anything() });
    }
    for (const { client } of [owner, thief]) await client.subscribe('tasks.one', id);
    expect(owner.client.list('visitorTasks')).toMatchObject([{ _id: id, state: 'done', result: expect.anything() }]);
    expect(thief.client.list('visitorTasks')).toEqual([]);
    const download = (cookie?: string) => fetch(`${roles.webUrl}/files/${file}`, { headers: cookie ? { cookie } : {} });
    expect((await download()).status).toBe(404);
    expect((await download(thief.cookie)).status).toBe(404);
    expect((await download('visitor=; visitor[$ne]=x; login[$ne]=x')).status).toBe(404);
    const own = await download(owner.cookie);
    expect(own.status).toBe(200);
    expect(own.headers.get('content-disposition')).toMatch(/^attachment; filename=/);
    expect(own.headers.get('content-security-policy')).toContain('sandbox');
    for (const { client } of [owner, thief]) client.close();
  });

  test.each([['reports.mine'], ['pictures.mine'], ['tasks.mine']])('%s shows nothing of others', async name => {
    const { client } = await visitor();
    await client.subscribe(name);
    // With accounts, everybody gets the own user.
    const shown = [...client.documents].flatMap(([of, documents]) => (of === 'users' ? [] : [...documents.keys()]));
    expect(shown).toEqual([]);
    client.close();
  });
});

/** As many connections of one visitor, who all ask at the same moment. */
async function askAtOnce(connections: number, method: string, order: object) {
  const { client: first, entry } = await visitor();
  const others = Array.from({ length: connections - 1 }, async () => {
    const client = await ForeignClient.open(roles.webUrl);
    await client.call(...entry);
    return client;
  });
  const clients = [first, ...(await Promise.all(others))];
  const answers = await Promise.allSettled(clients.map(client => client.call(method, order)));
  const refusals = answers.flatMap(answer => (answer.status === 'rejected' ? [answer.reason.error] : []));
  for (const client of clients.slice(1)) client.close();
  return { client: first, granted: connections - refusals.length, refusals: new Set(refusals) };
}

const describeHere = runningPair() ? describe.skip : describe;

describeHere('ten connections of one visitor that ask at once', () => {
  let mongo: MongoClient;
  let pauses: Pauses;
  beforeAll(async () => {
    mongo = await new MongoClient(roles.mongoUrl).connect();
    pauses = new Pauses(mongo.db());
    await pauses.pause();
  });
  afterAll(async () => {
    await pauses.resume();
    await mongo.close();
  });

  test('get four reports, and a fifth once one of them has ended', async () => {
    const { client, granted, refusals } = await askAtOnce(10, 'reports.build', { rows: 1_000 });
    expect(granted).toBe(4);
    expect(refusals).toEqual(new Set(['too-many']));
    await client.subscribe('reports.mine');
    const [stopped, ...others] = client.list('reports').map(({ _id }) => _id as string);
    expect(others).toHaveLength(3);
    await client.call('tasks.cancel', stopped);
    const next = await eventually(() => client.call<string>('reports.build', { rows: 50 }).catch(() => ''), patiently);
    // Its slot is the new one's now; and another one, when there is one.
    await expect(client.call('reports.retry', stopped)).rejects.toMatchObject({ error: 'too-many' });
    await client.call('tasks.cancel', others[0]);
    await eventually(() => client.call('reports.retry', stopped).then(() => true), patiently);
    await expect(client.call('reports.retry', stopped)).rejects.toMatchObject({ error: 'not-retriable' });
    for (const id of [stopped, ...others, next]) await client.call('reports.remove', id);
    client.close();
  });

  test('see how many go before each of their reports, as long as it waits in line', async () => {
    const { client } = await visitor();
    const first = await client.call<string>('reports.build', { rows: 50 });
    const second = await client.call<string>('reports.build', { rows: 50 });
    await client.subscribe('tasks.one', second);
    const shown = () => client.list('visitorTasks').find(({ _id }) => _id === second);
    const ahead = await eventually(() => shown()?.ahead as number | undefined);
    await client.call('tasks.cancel', first);
    await eventually(() => shown()?.ahead === ahead - 1);
    await client.call('tasks.cancel', second);
    await eventually(() => shown()?.state === 'cancelled' && shown()?.ahead === undefined);
    for (const id of [first, second]) await client.call('reports.remove', id);
    client.close();
  });

  test('get one burn', async () => {
    const { client, granted, refusals } = await askAtOnce(10, 'burn.start', { seconds: 0.1, tasks: 3 });
    expect(granted).toBe(1);
    expect(refusals).toEqual(new Set(['too-many']));
    await client.subscribe('tasks.mine');
    expect(client.list('visitorTasks')).toHaveLength(3);
    client.close();
  });
});
