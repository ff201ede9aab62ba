import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { startTestRoles } from '../../support/roles';
import { TcpProxy } from '../../support/tcp-proxy';

jest.setTimeout(180_000);

const describeHere = process.env.E2E_WEB_URL ? describe.skip : describe;

let database: TestDatabase;
let proxy: TcpProxy;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  const [address] = database.client.options.hosts;
  proxy = await TcpProxy.open(address?.host ?? '127.0.0.1', address?.port ?? 27017);
});
afterEach(() => proxy.close());

/** A role that boots, all of whose talk with the database passes the proxy: its pieces are the moments of the boot. */
async function boot(name: 'web' | 'jobs') {
  const mongoUrl = `mongodb://127.0.0.1:${proxy.port}/${database.db.databaseName}?directConnection=true`;
  const env = { METEOR_SIGTERM_GRACE_PERIOD_SECONDS: '8' };
  const roles = await startTestRoles({ web: name === 'web', jobs: name === 'jobs', mongoUrl, env, wait: false });
  return { roles, role: roles[name]! };
}

describeHere.each(['jobs', 'web'] as const)('the %s role, told to end while it boots', name => {
  test('ends with 0 or by the signal, at any moment, without a stack', async () => {
    const first = await boot(name);
    await first.role.says(/is ready at/);
    const last = proxy.pieces;
    await first.roles.stop();
    const moments = [0.1, 0.5, 0.9].map(share => 1 + Math.round(share * (last - 1)));
    for (const moment of moments) {
      proxy.pieces = 0;
      const { roles, role } = await boot(name);
      proxy.onPiece = pieces => {
        if (pieces === moment) role.signal('SIGTERM');
      };
      const end = await role.ended;
      proxy.onPiece = () => {};
      await roles.stop();
      expect([moment, end, role.output]).toEqual([moment, end === 0 ? 0 : 'SIGTERM', role.output]);
      expect(role.output).not.toMatch(/^ {4}at |closed|interrupted/m);
    }
  });

  test('ends with 0 where indexes are being built: what the drain takes away from a start is no failure', async () => {
    const queue = database.db.collection('taskQueue');
    await queue.drop();
    const tasks = Array.from({ length: 60_000 }, (_, n) => ({
      taskType: 'old',
      state: 'done',
      n,
      finishedAt: new Date(),
    }));
    await queue.insertMany(tasks);
    const { roles, role } = await boot(name);
    // Other tests have their own databases on this server, and their roles make indexes as well.
    const ours = { 'command.createIndexes': 'taskQueue', 'command.$db': database.db.databaseName };
    const building = [{ $currentOp: { idleCursors: false } }, { $match: ours }];
    const admin = database.client.db('admin');
    await eventually(async () => (await admin.aggregate(building).toArray()).length > 0, { timeoutMs: 60_000 });
    role.signal('SIGTERM');
    expect([await role.ended, role.output]).toEqual([0, role.output]);
    expect(role.output).not.toMatch(/^ {4}at |interrupted/m);
    await roles.stop();
  });

  test('ends at once at the second signal, also where the database went silent', async () => {
    const { roles, role } = await boot(name);
    await role.says(/starts/);
    await eventually(() => proxy.pieces > 20);
    proxy.swallow();
    role.signal('SIGTERM');
    await role.says(/draining/);
    role.signal('SIGTERM');
    expect(await role.ended).toBe(143);
    await roles.stop();
  });
});
