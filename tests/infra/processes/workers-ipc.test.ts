import type { MessageBroker } from '../../../infra/workers/pool/pool-options';
import { eventually } from '../../support/eventually';
import { buildFaultWorker, FaultPool } from '../../support/fault-task-pool';

let file: string;
let pool: FaultPool;

const start = async (messageBroker?: MessageBroker) => {
  pool = await new FaultPool({ file, messageBroker }).start();
};
const printed = () => pool.saidOf('worker.output').map(({ line }) => line);

beforeAll(async () => {
  ({ file } = await buildFaultWorker());
});
afterEach(() => pool?.pool.stop(1_000));

/** The broker of meteor-cluster's documentation, as it stands there. */
const pongBroker: MessageBroker = (respond, msg) => {
  if (msg.data === 'ping') {
    respond('pong');
  }
};

describe('toggleIPC, as meteor-cluster documents it', () => {
  test('sends a message, gets the answer, and the broker of the handler makes the result', async () => {
    await start(pongBroker);
    const { outcome } = await pool.run('ipcPingTest');
    expect(outcome).toEqual({ kind: 'done', value: 'result you eventually want to pass to the master' });
    await eventually(() => printed().includes('pong'));
  });

  test('nests', async () => {
    await start(pongBroker);
    expect((await pool.run('ipcNestedPingTest')).outcome.kind).toBe('done');
    await eventually(() => printed().filter(line => line === 'pong').length === 2);
  });

  test("gives the role's broker the status, the data and whose message it is", async () => {
    const seen: unknown[] = [];
    await start((respond, message) => {
      seen.push(message);
      respond('pong');
    });
    const { task } = await pool.run('ipcPingTest');
    expect(seen).toEqual([{ status: 4, data: 'ping', taskId: task._id, taskType: 'ipcPingTest' }]);
  });

  test('refuses the statuses that mean idle', async () => {
    await start(pongBroker);
    const { outcome } = await pool.run('ipcStatusZero');
    expect((outcome as { error: Error }).error.message).toContain('status: 0 is not a whole number above 1');
  });
});

const throwUnprintable: MessageBroker = () => {
  throw Object.defineProperty(new Error(), 'message', { get: throwUnprintable as never });
};

describe('ask', () => {
  test('brings the first answer of the broker, which may be async', async () => {
    await start(async (respond, { status, data }) => {
      await new Promise(resolve => setImmediate(resolve));
      respond({ status, echo: data, at: new Date(0) });
      respond('too late');
    });
    const { outcome } = await pool.run('ask', { data: 'ping' });
    expect(outcome).toEqual({ kind: 'done', value: { status: 2, echo: 'ping', at: new Date(0) } });
  });

  test.each<[string, MessageBroker | undefined, string, timeoutMs?: number]>([
    ['there is no broker', undefined, 'this role has no messageBroker'],
    ['the broker throws', () => Promise.reject(new RangeError('not today')), 'not today'],
    ['the broker throws what cannot be printed', throwUnprintable, 'its message cannot be read'],
    ['the answer is no plain data', respond => respond(() => 1), 'answer: '],
    ['no answer comes in time', () => {}, 'no answer to a message of status 2 in 100 ms', 100],
  ])('throws in the handler where %s', async (_, broker, message, timeoutMs = 30_000) => {
    await start(broker);
    const { outcome } = await pool.run('ask', { data: 'ping', timeoutMs });
    expect(outcome.kind).toBe('failed');
    expect((outcome as { error: Error }).error.message).toContain(message);
  });

  test.each([
    ['ask', 'data.order: a Proxy'],
    ['addTask', 'addTask.0.data.order: a Proxy'],
  ])('throws at once and says where, where what is sent cannot be sent: %s', async (by, message) => {
    await start(pongBroker);
    const { outcome } = await pool.run('askUnsendable', { by });
    expect(outcome).toMatchObject({ kind: 'failed', error: { name: 'TypeError' } });
    expect((outcome as { error: Error }).error.message).toContain(message);
  });
});
