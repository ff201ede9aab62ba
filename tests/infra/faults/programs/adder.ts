/** A web role as far as the queue sees one: adds tasks, and says in the ledger what it asked and what it was told. */
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from '../../../../infra/database';
import { TaskQueueOf } from '../../../../infra/queue/api/task-queue';
import type { UnparsedTask } from '../../../../infra/queue/model/add-options';
import { numberMembers, thenOf } from '../../../../infra/queue/model/batch';
import { DuplicateTasksError } from '../../../../infra/queue/model/errors';
import { eventually } from '../../../support/eventually';
import { Ledger } from '../evidence/ledger';
import { Random } from '../seeded-random';
import { catalog as old } from '../worker/catalog';
import { catalog as next } from '../worker/catalog-next';
import { type Mix, nextTask } from './mixes';

export interface AdderProgram {
  ledger: string;
  mongoUrl: string;
  catalog: 'old' | 'next';
  seed: number;
  /** How many calls in all, of how many tasks each. */
  calls: number;
  batch: number;
  everyMs: number;
  mix: Mix;
}

const program = JSON.parse(process.env.FAULTS_PROGRAM as string) as AdderProgram;
const ledger = new Ledger(program.ledger, 'adder');
const random = new Random(program.seed);

async function main(): Promise<void> {
  const { db, close } = await connect(program.mongoUrl, 'faults-adder');
  const queue = new TaskQueueOf<typeof old>((program.catalog === 'next' ? next : old) as typeof old);
  const sender = { appId: 'faults', version: '1', rootUrl: 'http://localhost' };
  await queue.connect({ db, sender, signingKeys: ['key of the fault suite'] });
  console.log('adder is ready');
  for (let nth = 0; nth < program.calls; nth++) {
    const call = `${process.pid}-${nth}`;
    await (program.mix === 'batches' ? addBatch(queue, call) : add(queue, call));
    if (program.everyMs > 0) await wait(program.everyMs);
  }
  await close();
  console.log('adder is done');
}

/** ask → addTasks → acknowledged or refused. What was refused is not tried again: the ledger says so. */
async function add(queue: TaskQueueOf<typeof old>, call: string): Promise<void> {
  const tasks = Array.from({ length: program.batch }, () => nextTask(program.mix, random, call));
  const { _id, uniqueKey, once, dueDate } = tasks[0] as UnparsedTask;
  const due = program.mix === 'due' ? (dueDate as Date).getTime() : undefined;
  const told = { _id, uniqueKey, once, due } as { _id?: string; uniqueKey?: string; once?: boolean; due?: number };
  ledger.write({
    kind: 'ask',
    call,
    tasks: tasks.length,
    expects: program.mix === 'misbehaving' ? 'ended' : 'done',
    ...told,
  });
  try {
    ledger.write({ kind: 'ack', call, ids: await queue.addTasks(tasks as never) });
  } catch (error) {
    if (error instanceof DuplicateTasksError && error.added.length > 0)
      ledger.write({ kind: 'ack', call, ids: [...error.added] });
    const { name, message } = error as Error;
    ledger.write({ kind: 'refused', call, error: name, message: message.slice(0, 300) });
  }
}

/** A batch under the name of the call, and the task that comes after it: it is to come whatever becomes of the members. */
async function addBatch(queue: TaskQueueOf<typeof old>, call: string): Promise<void> {
  const tasks = Array.from({ length: program.batch }, () => nextTask(program.mix, random, call));
  const then = { taskType: 'work' as const, data: { ms: 5 } };
  ledger.write({ kind: 'ask', call, tasks: tasks.length, expects: 'ended' });
  ledger.write({ kind: 'ask', call: thenOf(call), tasks: 1, expects: 'done', afterAllOf: call });
  const add = () => queue.addBatch({ name: 'batch', _id: call, tasks: tasks as never, then });
  // Where the database does not answer, asking again goes on with what is there.
  const { id } = await eventually(add, { timeoutMs: 60_000, everyMs: 200 });
  ledger.write({ kind: 'ack', call, ids: numberMembers(id, tasks, 0).map(({ _id }) => _id as string) });
  ledger.write({ kind: 'ack', call: thenOf(call), ids: [thenOf(id)] });
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
