import { Priority } from '../../../../infra/catalog';
import type { UnparsedTask } from '../../../../infra/queue/model/add-options';
import { realNow } from '../evidence/ledger';
import type { Random } from '../seeded-random';
import { misbehaviors } from '../worker/misbehavior';

/** What an adder adds. */
export type Mix =
  | 'mixed'
  | 'due'
  | 'quick'
  | 'large'
  | 'slow'
  | 'blocking'
  | 'misbehaving'
  | 'ids'
  | 'once'
  | 'keys'
  | 'fresh'
  | 'limited'
  | 'batches';

const kinds = Object.keys(misbehaviors);
let nextKind: number | undefined;

const mixes: Record<Mix, (random: Random, call: string) => UnparsedTask> = {
  /** Short and longer ones, some for later, some that add others, some with large results. */
  mixed: random => {
    const kind = random.below(100);
    if (kind < 5) return { taskType: 'parent', data: { children: 2 } };
    if (kind < 15) return { taskType: 'stubborn', data: { ms: random.below(200) } };
    const later = kind < 35 ? { dueDate: new Date(Date.now() + random.below(3_000)) } : {};
    const resultBytes = kind > 90 ? 30_000 : random.below(500);
    return { taskType: 'work', data: { ms: random.below(120), resultBytes }, priority: random.below(3), ...later };
  },
  /** Due soon by the machine's clock, whatever the process takes for the time; nothing that waits goes before. */
  due: random => ({
    taskType: 'work',
    data: { ms: 5 },
    priority: Priority.high,
    dueDate: new Date(Math.round(realNow()) + 1_500 + random.below(4_000)),
  }),
  quick: random => ({ taskType: 'work', data: { ms: random.below(5) } }),
  /** Payloads and results of more than the 16 KB from which on a socket is waited for. */
  large: random => ({
    taskType: 'work',
    data: {
      ms: random.below(50),
      resultBytes: 20_000 + random.below(60_000),
      ballast: 'x'.repeat(random.below(40_000)),
    },
  }),
  slow: random => ({ taskType: 'stubborn', data: { ms: 500 + random.below(1_500) } }),
  blocking: () => ({ taskType: 'block', data: { ms: 4_000 } }),
  /** Every kind, one after the other, from some kind on. */
  misbehaving: random => {
    nextKind ??= random.below(kinds.length);
    return { taskType: 'misbehave', data: { how: kinds[nextKind++ % kinds.length] } };
  },
  /** Few ids for many adders: a finished one makes room, a live one is in the way. */
  ids: random => ({ taskType: 'work', data: { ms: random.below(30) }, _id: `id ${random.below(20)}` }),
  once: random => ({ taskType: 'work', data: { ms: random.below(30) }, _id: `once ${random.below(60)}`, once: true }),
  keys: random => ({ taskType: 'work', data: { ms: random.below(30) }, uniqueKey: `key ${random.below(20)}` }),
  fresh: random => ({ taskType: 'fresh', data: { ms: random.below(30) } }),
  limited: random => ({ taskType: 'limited', data: { ms: random.below(60), customer: random.below(4) } }),
  /** One member in ten fails for good. */
  batches: random =>
    random.below(10) === 0
      ? { taskType: 'misbehave', data: { how: 'throws an error' } }
      : { taskType: 'work', data: { ms: random.below(60) } },
};

export function nextTask(mix: Mix, random: Random, call: string): UnparsedTask {
  return mixes[mix](random, call);
}
