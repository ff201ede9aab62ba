import { messageOf } from '../../errors/plain-error';
import { replayTask } from '../../queue/api/restart-tasks';
import type { Asked } from './arguments';
import { audited, type OpenQueue, refuseUnsigned } from './open';
import type { Output } from './output';

/** What has come of one id or task type, for --json and for a line of its own. */
interface Result {
  id: string;
  ok: boolean;
  text: string;
  newId?: string;
}

type Act = (open: OpenQueue, id: string) => Promise<Omit<Result, 'id' | 'ok'>>;

const retry: Act = async ({ queue }, id) => {
  if (await queue.retry(id)) return { text: 'is back in the queue, attempts from zero' };
  throw new Error(`there is no failed, cancelled or rejected task of this id${await nowOf(queue, id)}`);
};

/** As the app that had asked for the task would: handlers build URLs of the sender. */
const replay: Act = async ({ core }, id) => {
  const origin = await core.store.findOne(id);
  const newId = await replayTask(origin ? { ...core, sender: origin.sender } : core, id);
  return { text: `runs anew as ${newId}`, newId };
};

const cancel: Act = async ({ queue }, id) => {
  const done = await queue.cancel(id);
  if (done === 'cancelled') return { text: 'is cancelled' };
  if (done === 'requested') return { text: 'runs, and has been asked to stop' };
  throw new Error(`there is no task of this id that has not finished${await nowOf(queue, id)}`);
};

async function nowOf(queue: OpenQueue['queue'], id: string): Promise<string> {
  const task = await queue.findOne(id);
  return task ? `: it is ${task.state}` : '';
}

const acts = { retry, replay, cancel };

/** `retry`, `replay`, `cancel` of tasks by their ids. One that can't be done keeps none of the others from it. */
export async function actOnTasks(open: OpenQueue, { command, words }: Asked, output: Output): Promise<boolean> {
  const action = command as keyof typeof acts;
  if (action === 'replay') refuseUnsigned(open, 'replay');
  return eachOf(words, output, id => audited(open, action, { taskId: id }, () => acts[action](open, id)));
}

/** `pause` and `resume` of task types, or of everything. */
export async function pauseOrResume(open: OpenQueue, { command, words, flags }: Asked, output: Output) {
  const { queue } = open;
  const action = command as 'pause' | 'resume';
  const names = flags.all ? ['everything'] : words;
  return eachOf(names, output, name => {
    const which: [taskType?: string] = flags.all ? [] : [name];
    const target = { taskType: flags.all ? 'all' : name };
    return audited(open, action, target, async () => {
      if (action === 'resume' && !flags.all) await refuseWhilePaused(open);
      await (action === 'pause' ? queue.pause(...which) : queue.resume(...which));
      return { text: action === 'pause' ? 'is paused in all roles; what runs goes on' : 'is resumed' };
    });
  });
}

/** The type would go on waiting, and nobody would know why. */
async function refuseWhilePaused({ core }: OpenQueue): Promise<void> {
  const { all } = await core.pauses.read();
  if (all) throw new Error('everything is paused, so no single type can be resumed: npm run tasks -- resume --all');
}

async function eachOf(
  names: readonly string[],
  output: Output,
  act: (name: string) => Promise<Omit<Result, 'id' | 'ok'>>,
): Promise<boolean> {
  const results: Result[] = [];
  for (const id of names) {
    const result: Result = await act(id).then(
      done => ({ id, ok: true, ...done }),
      error => ({ id, ok: false, text: messageOf(error) }),
    );
    results.push(result);
    if (!output.json) (result.ok ? output.line : output.problem)(`${id}${result.ok ? '' : ':'} ${result.text}`);
  }
  if (output.json) output.data(results);
  return results.every(({ ok }) => ok);
}
