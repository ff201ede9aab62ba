import { createServer, type Server } from 'node:net';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { bundle, type HostApp } from '../contract/ddp-truth/host';

describe('a process of the host', () => {
  let database: TestDatabase;
  let app: HostApp;
  let blocker: Server | undefined;

  beforeAll(async () => {
    database = await testDatabase();
    app = await bundle('boot-order');
  });
  afterAll(async () => {
    blocker?.close();
    await app?.remove();
    await database?.drop();
  });

  test('runs its startup hooks in order, each to its end, before it listens', async () => {
    const { process: child } = await app.start({ mongoUrl: database.url });
    await child.says(/after the start/);
    expect(child.output.split('\n').filter(line => line.startsWith('* '))).toEqual([
      '* loaded',
      '* first hook begins, the door is closed',
      '* first hook ends',
      '* second hook',
      '* a hook that a hook has added',
      '* a hook after the start runs at once',
    ]);
  });

  test('ends with 143 when it is told to', async () => {
    const { process: child } = await app.start({ mongoUrl: database.url });
    child.signal('SIGTERM');
    expect(await child.ended).toBe('SIGTERM');
  });

  test('prints what a hook throws and ends with 1', async () => {
    const env = { METEOR_SETTINGS: '{"failInHook":true}' };
    const { process: child } = await app.launch({ mongoUrl: database.url, env });
    expect(await child.ended).toBe(1);
    expect(child.output).toContain('the hook says no');
  });

  test('says in one line that no database answers and ends with 1', async () => {
    const { process: child } = await app.launch({ mongoUrl: 'mongodb://127.0.0.1:1/x?serverSelectionTimeoutMS=300' });
    expect(await child.ended).toBe(1);
    const lines = child.output
      .trim()
      .split('\n')
      .filter(line => !line.startsWith('* '));
    expect(lines).toEqual([expect.stringMatching(/^MONGO_URL: no database answers: .*127\.0\.0\.1:1/)]);
  });

  test('says in one line that its port is taken and ends with 1', async () => {
    blocker = createServer().listen(0);
    await eventually(() => blocker?.listening);
    const { port } = blocker.address() as { port: number };
    const { process: child } = await app.launch({ mongoUrl: database.url, port });
    expect(await child.ended).toBe(1);
    expect(child.output).toContain(`PORT=${port} is in use by another process: end it, or choose another PORT\n`);
  });
});
