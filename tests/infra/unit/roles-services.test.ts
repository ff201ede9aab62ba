import type { Socket } from 'node:net';
import type { Service } from '../../../infra/app';
import { addressOf, isFromThisMachine } from '../../../infra/http/client-address';
import { followsOplog, graceMs, refusePathInRootUrl, taskGraceMs } from '../../../infra/roles/environment';
import { Services } from '../../../infra/roles/service';
import { TokenBucket } from '../../../infra/timing/token-bucket';

function scene() {
  const said: string[] = [];
  const service = (name: string, broken: 'start' | 'stop' | 'nothing' = 'nothing'): Service => ({
    name,
    start: async () => {
      said.push(`start ${name}`);
      if (broken === 'start') throw new Error(`${name} is broken`);
    },
    stop: async () => {
      said.push(`stop ${name}`);
      if (broken === 'stop') throw new Error(`${name} does not stop`);
    },
  });
  const services = new Services(name => said.push(`failed ${name}`));
  return { said, service, services };
}

describe('a list of services', () => {
  test('is started in order and stopped in reverse, once', async () => {
    const { said, service, services } = scene();
    await services.startAll([service('a'), service('b'), service('c')]);
    await Promise.all([services.stopAll(), services.stopAll()]);
    expect(said).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a']);
  });

  test('stops what has been started, and no more, where one of them can not start', async () => {
    const { said, service, services } = scene();
    const start = services.startAll([service('a'), service('b', 'start'), service('c')]);
    await expect(start).rejects.toThrow('b is broken');
    await services.stopAll();
    expect(said).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });

  test('stops the others when one of them does not stop', async () => {
    const { said, service, services } = scene();
    await services.startAll([service('a'), service('b', 'stop')]);
    await services.stopAll();
    expect(said.slice(2)).toEqual(['stop b', 'failed b', 'stop a']);
  });

  test('stops the others when one of them throws at once, or says nothing', async () => {
    const { said, service, services } = scene();
    const throwing = { ...service('b'), stop: () => JSON.parse('no promise') };
    const silent = { ...service('c'), stop: () => undefined as never };
    await services.startAll([service('a'), throwing, silent]);
    await services.stopAll();
    expect(said.slice(3)).toEqual(['failed b', 'stop a']);
  });

  test('starts nothing more once it is to stop', async () => {
    const { said, service, services } = scene();
    const slow = { ...service('slow'), start: () => services.stopAll() };
    await services.startAll([slow, service('never')]);
    expect(said).not.toContain('start never');
  });
});

describe('the grace period', () => {
  test.each([
    [undefined, 30_000, 27_000],
    ['120', 120_000, 117_000],
    ['2', 2_000, 1_000],
    ['nonsense', 30_000, 27_000],
    ['-1', 30_000, 27_000],
  ])('of %s seconds leaves %d ms, of which running tasks have %d', (seconds, role, tasks) => {
    const environment = { METEOR_SIGTERM_GRACE_PERIOD_SECONDS: seconds };
    expect([graceMs(environment), taskGraceMs(environment)]).toEqual([role, tasks]);
  });

  test('is what Meteor leaves to a role that it restarts, under `meteor run`', () => {
    const environment = { METEOR_PARENT_PID: '1' };
    expect([graceMs(environment), taskGraceMs(environment)]).toEqual([3_000, 1_500]);
    expect(graceMs({ ...environment, METEOR_SIGTERM_GRACE_PERIOD_SECONDS: '10' })).toBe(10_000);
  });
});

describe('a bucket of messages', () => {
  test('gives a burst, then a rate', () => {
    let now = 0;
    const bucket = new TokenBucket(10, 50, () => now);
    const taken = () => Array.from({ length: 100 }, () => bucket.take()).filter(Boolean).length;
    expect(taken()).toBe(50);
    now = 1_000;
    expect(taken()).toBe(10);
    now = 60_000;
    expect(taken()).toBe(50);
  });

  test('gives in advance what will be there in time, and to nobody else then', () => {
    let now = 0;
    const bucket = new TokenBucket(10, 50, () => now);
    expect([bucket.reserve(40, 0), bucket.reserve(20, 1_000), bucket.reserve(5, 1_000)]).toEqual([0, 1_000, undefined]);
    now = 1_000;
    expect(bucket.take()).toBe(false);
  });
});

describe('the address of a connection', () => {
  const headers = { 'x-forwarded-for': '6.6.6.6, 1.1.1.1, 2.2.2.2' };
  const remoteAddress = '10.0.0.1';

  afterEach(() => {
    delete process.env.HTTP_FORWARDED_COUNT;
  });

  test('is the socket’s where no proxy is declared, whatever the client says', () => {
    expect(addressOf({ headers, remoteAddress })).toBe('10.0.0.1');
  });

  test.each([
    ['1', '2.2.2.2'],
    ['2', '1.1.1.1'],
    ['9', '10.0.0.1'],
  ])('behind %s proxies is %s', (count, address) => {
    process.env.HTTP_FORWARDED_COUNT = count;
    expect(addressOf({ headers, remoteAddress })).toBe(address);
  });
});

describe('whether Meteor follows the oplog in this process', () => {
  const withUrl = { MONGO_OPLOG_URL: 'mongodb://localhost/local' };
  const meteor = { Package: { mongo: {} } };

  test('is so where Meteor has an oplog URL, and the package disable-oplog is not there', () => {
    expect(followsOplog(withUrl, meteor)).toBe(true);
  });

  test('is not so without an oplog URL, with the package, or on the Node host', () => {
    expect(followsOplog({}, meteor)).toBe(false);
    expect(followsOplog(withUrl, { Package: { mongo: {}, 'disable-oplog': {} } })).toBe(false);
    expect(followsOplog(withUrl, {})).toBe(false);
  });
});

describe('whether a request was made on this machine', () => {
  const asked = (remoteAddress: string | undefined, headers: Record<string, string> = {}) =>
    isFromThisMachine({ headers: { host: 'localhost:3000', ...headers }, socket: { remoteAddress } as Socket });

  test.each(['127.0.0.1', '127.8.0.1', '::1', '::ffff:127.0.0.1'])('is so for %s', address => {
    expect(asked(address)).toBe(true);
  });

  test.each(['10.0.0.1', '::ffff:10.0.0.1', '2001:db8::1', '128.0.0.1', undefined])(
    'is not so for %s, whatever its headers say',
    address => {
      expect(asked(address)).toBe(false);
      expect(asked(address, { 'x-forwarded-for': '127.0.0.1' })).toBe(false);
    },
  );

  test('is so behind the proxy of `meteor run`, which reports where a request came from', () => {
    const reported = { 'x-forwarded-port': '3000', 'x-forwarded-proto': 'http' };
    expect(asked('127.0.0.1', { ...reported, 'x-forwarded-for': '::ffff:127.0.0.1' })).toBe(true);
    expect(asked('127.0.0.1', { ...reported, 'x-forwarded-for': '::ffff:10.0.0.1' })).toBe(false);
    expect(asked('127.0.0.1', reported)).toBe(false);
    expect(asked('127.0.0.1', { 'x-forwarded-for': '' })).toBe(false);
  });

  test('is not so for a name that merely leads here', () => {
    expect(asked('127.0.0.1', { host: 'rebound.example.com:3000' })).toBe(false);
    expect(asked('::1', { host: '[::1]:3000' })).toBe(true);
  });
});

describe('what ROOT_URL may say', () => {
  test.each(['http://localhost:3000', 'https://example.com/', 'http://[::1]:3000', 'no url at all', ''])(
    '%s is fine here',
    ROOT_URL => {
      expect(() => refusePathInRootUrl({ ROOT_URL })).not.toThrow();
    },
  );

  test.each([
    'https://example.com/app',
    'https://example.com//',
    'https://example.com/a/b/',
    'https://example.com/?x=1',
    'https://example.com/#x',
  ])('%s is refused, with what to write', ROOT_URL => {
    expect(() => refusePathInRootUrl({ ROOT_URL })).toThrow(
      /^ROOT_URL: .* has a path, .*ROOT_URL=https:\/\/example\.com$/,
    );
  });

  test('shows no name or password that stands in it', () => {
    const ROOT_URL = 'https://me:hunter2@example.com/app';
    expect(() => refusePathInRootUrl({ ROOT_URL })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
    );
  });
});
