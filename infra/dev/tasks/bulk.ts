import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Filter } from 'mongodb';
import type { BulkWork, Task } from '../../queue';
import { scopeOf } from '../../queue/model/bulk-work';
import type { Asked, Flags } from './arguments';
import { audited, type OpenQueue, refuseUnsigned } from './open';
import { count, type Output } from './output';
import { selectorOf } from './selector';

type Kind = 'retry' | 'replay' | 'cancel';

/** No count over more tasks than this: "at least" says enough. */
const mostCounted = 10_000;
const lookEveryMs = 300;
const did = { retry: 'retried', replay: 'replayed', cancel: 'cancelled' } as const;

/**
 * `retry --all`, `replay --all`, `cancel --all`: starts work on all that match, shows how far a jobs role is with it, and
 * asks it to stop at Ctrl-C.
 *
 * @returns whether all of it was done.
 */
export async function actOnAll(open: OpenQueue, { command, flags }: Asked, output: Output): Promise<boolean> {
  const kind = command as Kind;
  refuseUnsigned(open, `${kind} --all`);
  const now = open.clock.now();
  const selector = selectorOf(flags, { now, ofOwner: owner => open.queue.ofOwner(owner) });
  const matching = await countOf(open, kind, selector, now);
  if (matching === 0) {
    if (output.json) output.data(null);
    else output.line(`No task matches that could be ${did[kind]}`);
    return true;
  }
  if (!(await isAgreed(kind, matching, flags))) {
    output.note('Nothing was changed');
    return false;
  }
  const start = { retry: 'retryAll', replay: 'replayAll', cancel: 'cancelAll' } as const;
  const target = { selector: JSON.stringify(selector).slice(0, 1_000) };
  const work = await audited(open, `${kind} all`, target, () => open.queue[start[kind]](selector), matching);
  const ended = await follow(open, work, output);
  if (output.json) output.data(ended);
  else output.line(summaryOf(kind, ended));
  for (const problem of ended?.problems ?? []) output.problem(`  ${problem}`);
  return ended?.state === 'done' && ended.skipped === 0;
}

function countOf({ core }: OpenQueue, kind: Kind, selector: Filter<Task>, now: Date): Promise<number> {
  const filter = { $and: [selector, scopeOf(kind, now)] } as Filter<Task>;
  return core.store.collection.countDocuments(filter, { limit: mostCounted + 1, maxTimeMS: 10_000 });
}

async function isAgreed(kind: Kind, matching: number, { yes }: Flags): Promise<boolean> {
  if (yes) return true;
  const many = matching > mostCounted ? `more than ${count(mostCounted, 'task')}` : count(matching, 'task');
  if (!process.stdin.isTTY)
    throw new Error(`${kind} --all is about ${many}. Nobody can be asked here: give --yes to do it`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${kind} ${many}? [y/N] `).finally(() => terminal.close());
  return /^y(es)?$/i.test(answer.trim());
}

/** Until it has ended. A second Ctrl-C leaves: the work goes on until it has stopped. */
async function follow(open: OpenQueue, { _id }: BulkWork, output: Output): Promise<BulkWork | undefined> {
  let asked = false;
  const stop = () => {
    if (asked) process.exit(130);
    asked = true;
    output.note('Asking it to stop; what is done stays so. Ctrl-C again leaves without waiting');
    open.queue.stopBulkWork(_id).catch(error => output.problem(String(error)));
  };
  process.on('SIGINT', stop);
  try {
    await tellIfNobodyWorks(open, output);
    const progress = new ProgressLine(output);
    for (;;) {
      const work = await open.queue.bulkWork(_id);
      progress.show(work);
      if (work?.state !== 'running') return work;
      await sleep(lookEveryMs);
    }
  } finally {
    process.off('SIGINT', stop);
  }
}

async function tellIfNobodyWorks({ registry }: OpenQueue, output: Output): Promise<void> {
  const living = await registry.list();
  if (living.some(({ role }) => role !== 'web')) return;
  output.note('No jobs role lives here: it begins when one starts. Ctrl-C asks it to stop');
}

/** On a terminal one line that changes, otherwise a line for each change; on stderr. */
class ProgressLine {
  private last = '';

  constructor(private readonly output: Output) {}

  show(work: BulkWork | undefined): void {
    const dealtWith = (work?.done ?? 0) + (work?.skipped ?? 0);
    const text = work ? `${dealtWith.toLocaleString('en')} of ${work.of?.toLocaleString('en') ?? '…'}` : '';
    if (text === this.last) return;
    this.last = text;
    if (!process.stderr.isTTY) this.output.note(text);
    else process.stderr.write(`\r${text}\u001b[K${work?.state === 'running' ? '' : '\n'}`);
  }
}

function summaryOf(kind: Kind, work: BulkWork | undefined): string {
  if (!work) return 'Its record is gone: somebody has removed it';
  const { state, done, skipped, error } = work;
  const skips = skipped > 0 ? `, ${count(skipped, 'task')} could not be` : '';
  const end = state === 'failed' ? `; it has failed: ${error}` : state === 'stopped' ? '; it was stopped' : '';
  return `${count(done, 'task')} ${did[kind]}${skips}${end}`;
}
