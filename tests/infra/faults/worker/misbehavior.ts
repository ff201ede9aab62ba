import { spawn } from 'node:child_process';
import type { HandlerContext } from '../../../../infra/workers/handler';

type Misbehavior = (context: HandlerContext) => unknown;

const never = () => new Promise<never>(() => {});
/** By another name, so that nobody takes these objects for mistakes. */
const thenName = 'then';
const megabyte = 1_048_576;

/** What it throws. */
const thrown: Record<string, Misbehavior> = {
  'throws an error': () => raise(new Error('on purpose')),
  'throws a text': () => raise('a text'),
  'throws nothing': () => raise(undefined),
  'throws null': () => raise(null),
  'throws a symbol': () => raise(Symbol('mine')),
  'throws a function': () => raise(() => 1),
  'throws a frozen error': () => raise(Object.freeze(new Error('frozen'))),
  'throws a revoked proxy': () => raise(revoked()),
  'throws a proxy that always throws': () => raise(hostile()),
  'throws an error whose stack throws': () => raise(withGetter(new Error('no stack'), 'stack')),
  'throws an error whose message throws': () => raise(withGetter(new Error(), 'message')),
  'throws an error whose name is a symbol': () => raise(Object.assign(new Error(), { name: Symbol('name') })),
  'throws 17 MB of text': () => raise(new Error('x'.repeat(17 * megabyte))),
  'throws an aggregate': () => raise(new AggregateError([new Error('one'), hostile()], 'several')),
  'throws its own cause': () => {
    const error = new Error('circle');
    error.cause = error;
    raise(error);
  },
};

/** What it returns. */
const returned: Record<string, Misbehavior> = {
  'returns a function': () => ({ rows: [() => 1] }),
  'returns a symbol': () => Symbol('mine'),
  'returns a circle': () => {
    const circle: Record<string, unknown> = {};
    circle.itself = circle;
    return circle;
  },
  'returns 2 MB': () => 'x'.repeat(2 * megabyte),
  'returns a proxy that always throws': () => ({ deep: [hostile()] }),
  'returns a revoked proxy': () => ({ deep: revoked() }),
  'returns a getter that throws': () => withGetter({}, 'value'),
  'returns a BigInt beyond 64 bits': () => 2n ** 70n,
  'returns an invalid date': () => new Date(Number.NaN),
  'returns half an emoji': () => '😀'.slice(0, 1),
  'returns a name with NUL': () => ({ 'a\0b': 1 }),
  'returns _bsontype': () => ({ _bsontype: 'ObjectId', id: 1 }),
  'returns a thenable that never settles': () => ({ [thenName]: () => {} }),
  'returns a thenable that throws': () => ({ [thenName]: () => raise(new Error('then')) }),
  'nests 10,000 deep': () => Array.from({ length: 10_000 }).reduce<unknown>(inner => ({ inner }), null),
};

/** How it ends its process. */
const ended: Record<string, Misbehavior> = {
  'exits with 0': () => process.exit(0),
  'exits with 3': () => process.exit(3),
  aborts: () => process.abort(),
  'sends SIGKILL to itself': () => process.kill(process.pid, 'SIGKILL') && never(),
  'sends SIGSEGV to itself': () => process.kill(process.pid, 'SIGSEGV') && never(),
  'stops itself': () => process.kill(process.pid, 'SIGSTOP') && never(),
  'disconnects its channel': () => process.disconnect?.() ?? never(),
  'throws in a timer': () => setTimeout(() => raise(new Error('timer')), 5) && never(),
  'rejects aside': () => {
    void Promise.reject(new Error('nobody awaits me'));
    return never();
  },
};

/** How it takes time and memory. */
const greedy: Record<string, Misbehavior> = {
  hangs: never,
  'blocks its loop': () => {
    for (;;);
  },
  'never ends its microtasks': async () => {
    for (;;) await undefined;
  },
  'recurses for ever': () => {
    const again = (): number => again() + 1;
    return again();
  },
  'leaves a hot timer': () => void setInterval(() => {}, 0),
  'leaves a child process': () => void spawn('sleep', ['5'], { stdio: 'ignore' }).unref(),
};

/** How it disturbs what its worker lives by. */
const disturbing: Record<string, Misbehavior> = {
  'sends what is no message': () => {
    process.send?.({ kind: 'constructor' });
    process.send?.([{ kind: 'finished', run: 'x' }]);
  },
  'closes its output': () => void process.stdout.destroy(),
  'deafens its process': () => process.removeAllListeners('message') && undefined,
  'breaks JSON.stringify': () => {
    JSON.stringify = () => raise(new Error('broken'));
  },
  'breaks Array.prototype.map': () => {
    Array.prototype.map = () => raise(new Error('broken'));
  },
  'pollutes Object.prototype': () => {
    Object.defineProperty(Object.prototype, 'kind', { value: 'polluted', configurable: true, writable: true });
  },
  'makes time stand still': () => {
    Date.now = () => Number.NaN;
  },
  'logs a hostile proxy': ({ log }) => log('odd', { value: hostile() }),
  'logs 3 MB': ({ log }) => log('x'.repeat(3 * megabyte)),
  'reports progress of NaN': ({ progress }) => progress('much' as never),
  'adds a task that is none': ({ queue }) => queue.addTask({ taskType: 'nope' } as never),
  'asks what nobody answers': ({ ask }) => ask(hostile(), { timeoutMs: 200 }),
};

/** Kinds of handlers that no one should write, each by what it does. */
export const misbehaviors: Record<string, Misbehavior> = { ...thrown, ...returned, ...ended, ...greedy, ...disturbing };

function raise(value: unknown): never {
  throw value;
}

function withGetter(target: object, name: string): object {
  return Object.defineProperty(target, name, { enumerable: true, get: () => raise(new Error(`${name} throws`)) });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function hostile(): object {
  const refuse = () => raise(new Error('hands off'));
  return new Proxy({}, { get: refuse, has: refuse, ownKeys: refuse, getPrototypeOf: refuse });
}
