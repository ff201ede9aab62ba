import { getPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  FatalError,
  type HandlerContext,
  type HandlersOf,
  nativePackage,
  Snooze,
  TaskQueue,
} from '../../infra/workers/handler';
import type { FaultCatalog } from './fault-task-catalog';

/** The registry that stands in for imports/tasks/handlers when a worker with faults is built. */
export const handlers: HandlersOf<FaultCatalog> = {
  noop: of(() => undefined),
  wait: of(task => sleep(task.data.ms)),
  takeRate: of(async ({ data: { name, cost, times } }, context) => {
    const calls: number[] = [];
    while (calls.length < (times as number)) {
      await context.rate(name as never, cost as number | undefined);
      calls.push(Date.now());
    }
    return calls;
  }),
  waitTogether: of(task => sleep(task.data.ms)),
  echo: of(task => ({ ...task.data, bytes: Buffer.from('bytes') })),

  hang: of(() => new Promise(() => {})),
  hangLong: of(() => new Promise(() => {})),
  stopOnSignal: of((_, context) => untilAborted(context)),
  stopOnSignalLong: of((_, context) => untilAborted(context)),
  returnAfterSignal: of((_, context) => untilAborted(context).catch(() => 'half of it')),
  blockLoop: of(task => blockLoop(task.data.ms)),
  blockTogether: of(task => blockLoop(task.data.ms)),
  blockLoopLong: of(task => blockLoop(task.data.ms)),

  throwError: of(task => {
    throw new Error(task.data.message);
  }),
  snooze: of((task, context) => {
    if (task.data.at) throw new Snooze(task.data.at);
    context.snooze(task.data.ms as number, 'not yet');
  }),
  retryItself: async () => ({
    handler: task => {
      throw task.data.say === 'fatal' ? new FatalError('never') : new Error(task.data.say);
    },
    retry: ({ message }, attempt) => {
      if (message === 'throw') throw new Error('no idea');
      if (message === 'fail' || message === 'default') return message;
      return message === 'nonsense' ? ('soon' as never) : attempt * 1_000;
    },
  }),
  throwFatal: of(task => {
    throw new FatalError(task.data.message);
  }),
  throwOther: of(task => throwOther(task.data.what)),
  rejectAside: of(async task => {
    void Promise.reject(new Error('nobody awaits me'));
    if (task.data.goOn) await new Promise(() => {});
    await sleep(50);
    return 'as if nothing had happened';
  }),
  exceptionAside: of(() => {
    setTimeout(() => {
      throw new Error('thrown by a timer');
    }, 10);
    return new Promise(() => {});
  }),
  exit: of(task => process.exit(task.data.code)),
  killSelf: of(async task => {
    process.kill(process.pid, task.data.signal as NodeJS.Signals);
    await sleep(5_000);
  }),
  exhaustMemory: of(() => {
    const all: unknown[] = [];
    for (;;) all.push(new Array(1_000_000).fill(all.length));
  }),
  leak: of(task => {
    leaked.push(Buffer.alloc(task.data.megabytes * 1024 * 1024, 1));
  }),
  leaveLoopBlocked: of(() => {
    setTimeout(() => blockLoop(3_600_000), 1);
  }),

  giveBack: of(task => awkward[task.data.what]?.()),
  giveBackTogether: of(async task => {
    // Until all have begun: their ends are one batch.
    gate ??= sleep(100);
    await gate;
    return awkward[task.data.what]?.();
  }),
  breakGlobal: of(task => broken[task.data.what]?.()),
  parse: of(() => JSON.parse('{"fine":true}')),
  parseToo: of(() => JSON.parse('{"fine":true}')),
  sum: of(() => [1, 2, 3].map(n => n * 2)),
  // What no one but its users can see to be broken.
  useClient: of(() => client.use()),
  useClientToo: of(() => client.use()),
  closeClient: of(() => {
    client.closed = true;
  }),

  useSharp: of(async () => {
    const picture = nativePackage<Painter>('sharp')({
      create: { width: 2, height: 1, channels: 3, background: 'red' },
    });
    return (await picture.png().toBuffer()).length > 0;
  }),

  report: of(async (task, context) => {
    for (const fraction of task.data.fractions) {
      context.progress(fraction, `at ${fraction}`);
      if (task.data.waitMs) await sleep(task.data.waitMs);
    }
  }),
  reportNonsense: of((_, context) => context.progress('much' as never)),
  log: of((_, { log }) => {
    log('plain');
    log.warn('with fields', { rows: 3, when: new Date(0), odd: () => 1, error: new TypeError('odd') });
  }),
  logUnsendable: of((_, { log }) => {
    log('a Proxy', { order: new Proxy({ id: 1 }, {}), rows: 3 });
    log('a getter', Object.defineProperty({ rows: 3 }, 'total', { get: cannotBeRead, enumerable: true }));
    log('all of it', revoked({}));
    log('no object', 'a text' as never);
    log(new Proxy({ a: 1 }, {}) as never);
  }),
  askUnsendable: of((task, context) =>
    task.data.by === 'ask'
      ? context.ask({ order: new Proxy({}, {}) })
      : context.queue.addTask({ taskType: 'noop', data: { order: new Proxy({}, {}) } } as never),
  ),
  print: of(() => {
    console.log('one\ntwo');
    console.error('three');
  }),
  printTogether: of(async ({ data: { n } }, { log }) => {
    console.log(`begins ${n}`);
    log('half', { n });
    await sleep(20);
    process.stderr.write(Buffer.from(`ends ${n}\n`));
  }),
  printThenExit: of((_, { log }) => {
    log('about to end');
    console.error('and this is why');
    process.exit(3);
  }),
  sendNonsense: of(() => {
    process.send?.({ hello: 'from meteor-cluster' });
    process.send?.([{ kind: 'constructor' }]);
  }),
  ask: of((task, context) => context.ask(task.data.data, { timeoutMs: task.data.timeoutMs })),

  // The two examples of meteor-cluster's documentation, as they stand there.
  ipcPingTest: of(ipcPingTest),
  ipcNestedPingTest: of(ipcNestedPingTest),
  ipcStatusZero: of((_, toggleIPC) =>
    toggleIPC(
      msg => msg,
      smtm => smtm({ status: 0, data: 'ping' }),
    ),
  ),

  lookAround: of((task, context) => ({
    env: { ...process.env },
    execArgv: process.execArgv,
    niceness: getPriority(),
    attempt: task.attempt,
    idempotencyKey: context.idempotencyKey,
    sameFunction: context.toggleIPC === (context as unknown),
  })),
  touchLazy: () => import('./fault-task-lazy'),
  isLazyLoaded: of(() => Object.hasOwn(globalThis, 'lazyLoaded')),
  recurring: of(() => recurring()),
  importLines: of(async ({ data: { lines, dies }, attempt }, context) => {
    const chunks = Array.from({ length: lines }, (_, chunk) => ({ taskType: 'importChunk', data: { chunk } }));
    const batch = await context.queue.addBatch({
      name: 'import',
      tasks: chunks,
      then: { taskType: 'summary' },
    } as never);
    if (dies && attempt === 0) process.kill(process.pid, 'SIGKILL');
    await batch.add([{ taskType: 'importChunk', data: { chunk: lines } }] as never);
    return batch.id;
  }),
  /** The first adds one more to its batch; the fourth fails. */
  importChunk: of(async ({ data: { chunk } }, { batch }) => {
    if (chunk === 0) await batch!.add([{ taskType: 'importChunk', data: { chunk: 1_000 } }] as never);
    if (chunk === 3) throw new Error('a line that cannot be read');
  }),
  summary: of(async (_, { batch }) => ({ failed: await batch!.failed() })),
  addOther: of((task, context) => context.queue.addTask({ ...task.data, data: {} } as never)),
  readDatabase: of(async (_, { db }) => (await db.command({ ping: 1 })).ok),
};

/** meteor-cluster's example, with only its import changed. */
function recurring() {
  const dueDate = new Date(Date.now() + 50);
  return TaskQueue.addTask({ taskType: 'recurring', priority: 1, data: {}, dueDate } as never);
}

function of<H>(handler: H): () => Promise<{ handler: H }> {
  return async () => ({ handler });
}

function ipcPingTest(_job: unknown, toggleIPC: HandlerContext) {
  return toggleIPC(
    msg => {
      console.log(msg);
      return 'result you eventually want to pass to the master';
    },
    smtm => smtm({ status: 4, data: 'ping' }),
  );
}

function ipcNestedPingTest(_job: unknown, toggleIPC: HandlerContext) {
  return toggleIPC(
    msg => {
      console.log(msg);
      return toggleIPC(
        msg => console.log(msg),
        smtm => smtm({ status: 4, data: 'ping' }),
      );
    },
    smtm => smtm({ status: 4, data: 'ping' }),
  );
}

/** As much of sharp as is used here. Its own types go with the sample app. */
type Painter = (options: object) => { png(): { toBuffer(): Promise<Buffer> } };

const leaked: Buffer[] = [];

const client = {
  closed: false,
  use(): string {
    if (this.closed) throw new Error('the client is closed');
    return 'used';
  },
};

const broken: Record<string, () => void> = {
  'JSON.parse': () => {
    JSON.parse = () => {
      throw new Error('no JSON today');
    };
  },
  'Array.prototype.map': () => {
    Array.prototype.map = cannotBeRead;
  },
};

let gate: Promise<void> | undefined;

const awkward: Record<string, () => unknown> = {
  plain: () => ({ rows: [1] }),
  bigint: () => ({ count: 5n }),
  Proxy: () => ({ order: new Proxy({ id: 1 }, {}) }),
  'revoked Proxy': () => ({ order: revoked({}) }),
  getter: () => ({ rows: [Object.defineProperty({}, 'total', { get: cannotBeRead, enumerable: true })] }),
  'invalid date': () => ({ at: new Date(Number.NaN) }),
  'changed afterwards': () => {
    const result: { rows: unknown[]; bytes: Uint8Array } = { rows: [1], bytes: new Uint8Array([1, 2]) };
    queueMicrotask(() => Promise.resolve().then(() => Promise.resolve().then(() => spoil(result))));
    process.nextTick(() => spoil(result));
    return result;
  },
  function: () => ({ rows: [1, () => 2] }),
  symbol: () => Symbol('mine'),
  giant: () => 'x'.repeat(2 * 1024 * 1024),
  ObjectId: () => ({ id: new (class ObjectId {})() }),
  circle: () => {
    const circle: Record<string, unknown> = {};
    circle.itself = circle;
    return circle;
  },
};

const thrown: Record<string, () => unknown> = {
  text: () => 'a text',
  nothing: () => undefined,
  object: () => ({ status: 500 }),
  'error with a cause': () => new Error('outside', { cause: new Error('inside') }),
  'a stack that throws': () => Object.defineProperty(new Error('disk full'), 'stack', { get: cannotBeRead }),
  'a name that throws': () => Object.defineProperty(new Error('disk full'), 'name', { get: cannotBeRead }),
  'a name that is a symbol': () => Object.assign(new Error('disk full'), { name: Symbol('mine') }),
  'a message without a prototype': () => Object.assign(new Error(), { message: Object.create(null) }),
  'a revoked Proxy': () => revoked({}),
  'several reasons': () => new AggregateError([new Error('disk full'), new Error('no route')], 'all failed'),
  '17 MB': () => new Error('x'.repeat(17_000_000)),
};

function cannotBeRead(): never {
  throw new Error('this getter throws');
}

function revoked<T extends object>(target: T): T {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function spoil(result: { rows: unknown[]; bytes: Uint8Array }): void {
  result.rows.push(() => 'no data');
  structuredClone(result.bytes.buffer, { transfer: [result.bytes.buffer as ArrayBuffer] });
}

function throwOther(what: string): never {
  throw thrown[what]?.();
}

async function untilAborted({ signal }: HandlerContext): Promise<never> {
  if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve));
  throw signal.reason;
}

function blockLoop(ms: number): void {
  const until = Date.now() + ms;
  while (Date.now() < until);
}
