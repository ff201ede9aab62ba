import { createServer, type Server } from 'node:net';
import { refusal } from '../../../infra/node-host/boot/refusals';
import { readSettings } from '../../../infra/node-host/boot/settings';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { bundle, type HostApp } from '../contract/ddp-truth/host';

const good = { MONGO_URL: 'mongodb://localhost/x', ROOT_URL: 'http://localhost:3000', PORT: '3000' };

describe('an environment that the host refuses', () => {
  it.each([
    ['no database', { ...good, MONGO_URL: undefined }, /^MONGO_URL must be set/],
    ['a database of another kind', { ...good, MONGO_URL: 'postgres://x' }, /^MONGO_URL must begin with mongodb:/],
    ['no root url', { ...good, ROOT_URL: '' }, /^ROOT_URL must be set/],
    ['a root url that is none', { ...good, ROOT_URL: 'nowhere' }, /^ROOT_URL=nowhere is not a url/],
    ['a port that is none', { ...good, PORT: '70000' }, /^PORT=70000 is not a port/],
    ['production', { ...good, NODE_ENV: 'production' }, /^NODE_ENV=production: .* TANDEM_NODE_HOST_IN_PRODUCTION=1/],
  ])('%s', (_case, environment, reason) => {
    expect(refusal(environment)).toMatch(reason);
  });

  it('is none where all is there, production by request included', () => {
    expect(refusal(good)).toBeUndefined();
    expect(refusal({ ...good, NODE_ENV: 'production', TANDEM_NODE_HOST_IN_PRODUCTION: '1' })).toBeUndefined();
  });
});

describe('METEOR_SETTINGS', () => {
  it('always has a public part', () => {
    expect(readSettings(undefined)).toEqual({ public: {} });
    expect(readSettings('{"a":1,"public":{"b":2}}')).toEqual({ a: 1, public: { b: 2 } });
  });

  it('must be a JSON object', () => {
    expect(() => readSettings('{')).toThrow(/^METEOR_SETTINGS are not valid JSON: /);
    expect(() => readSettings('[]')).toThrow('METEOR_SETTINGS must be a JSON object, like {"public": {}}.');
  });
});

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

  it('runs its startup hooks in order, each to its end, before it listens', async () => {
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

  it('ends with 143 when it is told to', async () => {
    const { process: child } = await app.start({ mongoUrl: database.url });
    child.signal('SIGTERM');
    expect(await child.ended).toBe('SIGTERM');
  });

  it('prints what a hook throws and ends with 1', async () => {
    const env = { METEOR_SETTINGS: '{"failInHook":true}' };
    const { process: child } = await app.launch({ mongoUrl: database.url, env });
    expect(await child.ended).toBe(1);
    expect(child.output).toContain('the hook says no');
  });

  it('says in one line that no database answers and ends with 1', async () => {
    const { process: child } = await app.launch({ mongoUrl: 'mongodb://127.0.0.1:1/x?serverSelectionTimeoutMS=300' });
    expect(await child.ended).toBe(1);
    const lines = child.output
      .trim()
      .split('\n')
      .filter(line => !line.startsWith('* '));
    expect(lines).toEqual([expect.stringMatching(/^MONGO_URL: no database answers: .*127\.0\.0\.1:1/)]);
  });

  it('says in one line that its port is taken and ends with 1', async () => {
    blocker = createServer().listen(0);
    await eventually(() => blocker?.listening);
    const { port } = blocker.address() as { port: number };
    const { process: child } = await app.launch({ mongoUrl: database.url, port });
    expect(await child.ended).toBe(1);
    expect(child.output).toContain(`PORT=${port} is in use by another process: end it, or choose another PORT\n`);
  });
});
