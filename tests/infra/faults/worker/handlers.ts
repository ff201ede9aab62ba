import { setTimeout as sleep } from 'node:timers/promises';
import type { HandlerContext } from '../../../../infra/workers/handler';
import { misbehaviors } from './misbehavior';
import { ledger, type RecordedTask, recorded } from './recorded';

/** The registry that stands in for imports/tasks/handlers when the suite's worker is built. */
export const handlers = {
  work: of(async (task: RecordedTask<{ ms: number; resultBytes?: number }>, { signal }) => {
    await sleep(task.data.ms, undefined, { signal });
    return 'x'.repeat(task.data.resultBytes ?? 0);
  }),
  fresh: of(async (task: RecordedTask<{ ms: number }>) => sleep(task.data.ms)),
  stubborn: of(async (task: RecordedTask<{ ms: number }>) => sleep(task.data.ms)),
  block: of((task: RecordedTask<{ ms: number }>) => {
    const until = Date.now() + task.data.ms;
    while (Date.now() < until);
  }),
  limited: of(async (task: RecordedTask<{ ms: number }>) => sleep(task.data.ms)),
  parent: of(addChildren),
  // It writes no ledger: what it does may break everything that is needed for that.
  misbehave: async () => ({
    handler: (task: unknown, context: HandlerContext) =>
      misbehaviors[(task as RecordedTask<{ how: string }>).data.how]?.(context),
  }),
};

async function addChildren({ _id, token, data }: RecordedTask<{ children: number }>, { queue }: HandlerContext) {
  for (let nth = 0; nth < data.children; nth++) {
    const call = `child ${nth} of ${_id} (${token})`;
    ledger().write({ kind: 'ask', call, tasks: 1, expects: 'done', role: process.ppid });
    const id = await queue.addTask({ taskType: 'work', data: { ms: 5, ballast: call } } as never);
    ledger().write({ kind: 'ack', call, ids: [id] });
  }
}

function of<Data>(work: (task: RecordedTask<Data>, context: HandlerContext) => unknown) {
  return async () => ({ handler: recorded(work) });
}
