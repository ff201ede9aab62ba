import { redacted } from '../../catalog';
import { questionOf } from '../../console/views/tasks';
import { oneLine } from '../../monitor/one-line';
import type { Explanation, Task } from '../../queue';
import type { AttemptRecord } from '../../queue/model/task';
import type { Asked, Flags } from './arguments';
import type { OpenQueue } from './open';
import { count, duration, fields, moment, type Output, table } from './output';
import { indexed, isListOfFailed, orderOf, selectorOf } from './selector';

const maxTimeMS = 10_000;
const mostListed = 1_000;

/** `list`: some tasks, and whether there are more. */
export async function list(open: OpenQueue, { flags }: Asked, output: Output): Promise<void> {
  const now = open.clock.now();
  const limit = limitOf(flags);
  const { selector, ...options } = await questionFor(open, flags, now);
  const found = await open.queue
    .find(selector, { ...options, limit: limit + 1, maxTimeMS, projection: { signature: 0 } })
    .fetchAsync()
    .catch(tooSlow);
  const tasks = found.slice(0, limit).map(task => forPeople(open, task));
  if (output.json) return output.data({ tasks, more: found.length > limit });
  if (tasks.length === 0) return output.line(`No task matches${unknownTypes(open, flags)}`);
  output.line(
    table(
      ['id', 'type', 'state', 'age', 'attempts', 'about'],
      tasks.map(task => row(task, now)),
    ),
  );
  if (found.length > limit) output.note(`There are more than ${limit}: narrow it by filters, or give --limit`);
}

/** Without what its type hides. */
function forPeople({ core }: OpenQueue, task: Task): Task {
  return { ...task, data: redacted(core.catalog, task.taskType, task.data) };
}

/** Which tasks, in what order. What has failed is found by the console's question, which an index answers. */
async function questionFor({ queue }: OpenQueue, flags: Flags, now: Date) {
  const selector = indexed(selectorOf(flags, { now, ofOwner: owner => queue.ofOwner(owner) }), flags);
  const sort = orderOf(flags);
  if (!isListOfFailed(flags)) return { selector, sort };
  const { filter, hint } = await questionOf(queue, { state: 'failed' });
  return { selector: { $and: [selector, filter] }, sort, hint };
}

function limitOf({ limit = '30' }: Flags): number {
  const number = Number(limit);
  if (Number.isInteger(number) && number >= 1 && number <= mostListed) return number;
  throw new Error(`--limit: ${JSON.stringify(limit)} is no whole number from 1 to ${mostListed}`);
}

/** MaxTimeMSExpired: there is no index for each question. */
function tooSlow(error: unknown): never {
  if ((error as { code?: unknown }).code !== 50) throw error;
  throw new Error(`No answer in ${maxTimeMS / 1_000} s: ask for less, by --state failed or --tag, say`, {
    cause: error,
  });
}

/** A mistyped name must not look like a type without tasks. */
function unknownTypes({ core }: OpenQueue, { type = [] }: Flags): string {
  const known = Object.keys(core.catalog);
  const unknown = type.filter(name => !known.includes(name));
  return unknown.length === 0 ? '' : `. The catalog has no ${unknown.join(', ')}; it has ${known.join(', ')}`;
}

function row(task: Task, now: Date): (string | number)[] {
  const { _id, taskType, state, createdAt, attempt } = task;
  return [_id, taskType, state, duration(now.getTime() - createdAt.getTime()), attempt, aboutOf(task, now)];
}

/** The one thing that one wants to know of a task in its state. */
export function aboutOf(task: Task, now: Date): string {
  const { state, error, progress, dueDate, waitsFor, tags = [], cancelRequested } = task;
  if (error) return `${error.name}: ${error.message}`;
  if (state === 'scheduled') return `due in ${duration(dueDate.getTime() - now.getTime())}`;
  if (state === 'waiting') return `waits for ${waitsFor}`;
  const far = progress ? `${Math.round(progress.fraction * 100)} %${progress.note ? ` ${progress.note}` : ''}` : '';
  const words = [state === 'running' ? far : '', cancelRequested ? 'told to stop' : '', tags.join(' ')];
  return words.filter(Boolean).join(', ');
}

/** `show`: all that is known of tasks. @returns whether all of them are there. */
export async function show(open: OpenQueue, { words }: Asked, output: Output): Promise<boolean> {
  const all = await Promise.all(words.map(id => read(open, id)));
  if (output.json) output.data(all.filter(Boolean));
  for (const [index, one] of all.entries()) {
    if (!one) output.problem(absent(words[index]!));
    else if (!output.json) output.line(`${index > 0 ? '\n' : ''}${page(one, open.clock.now())}`);
  }
  return all.every(Boolean);
}

type Shown = NonNullable<Awaited<ReturnType<typeof read>>>;

async function read(open: OpenQueue, id: string) {
  const { queue } = open;
  const [task, explanation, log] = await Promise.all([queue.findOne(id), queue.explain(id), queue.attemptLog(id)]);
  return task && { task: forPeople(open, task), explanation, log };
}

const absent = (id: string) =>
  `There is no task ${JSON.stringify(id)}: its retention may be over, or the id is of another database`;

function page({ task, explanation, log }: Shown, now: Date): string {
  const at = (date: Date | undefined) => date && moment(date, now);
  const facts = fields({
    task: task._id,
    type: `${task.taskType} (version ${task.catalogVersion})`,
    state: task.state,
    why: explanation?.reasons.map(({ text }) => text).join('; ') || undefined,
    priority: String(task.priority),
    added: at(task.createdAt),
    due: task.state === 'scheduled' ? at(task.dueDate) : undefined,
    deadline: at(task.deadline),
    ended: at(task.finishedAt),
    'kept until': at(task.expiresAt),
    'run by': task.state === 'running' ? `${task.owner}, since ${at(task.claimedAt)}` : undefined,
    progress: task.progress && oneLine(aboutOf({ ...task, error: undefined }, now)),
    tags: task.tags?.join(' '),
    batch: task.batch,
    after: task.after?.join(' '),
    'replay of': task.origin,
    sender: `${task.sender.appId} ${task.sender.version} ${task.sender.rootUrl}`,
  });
  const parts = [
    facts,
    task.attempts.length > 0 && `attempts\n${table(['started', 'ran', 'outcome', 'by', 'error'], attempts(task))}`,
    `payload\n${JSON.stringify(task.data, null, 2)}`,
    task.result !== undefined && `result\n${JSON.stringify(task.result, null, 2)}`,
    task.error && `error\n${printable(task.error.stack ?? `${task.error.name}: ${task.error.message}`)}`,
    log &&
      `log of attempt ${log.attempt}\n${log.lines.map(({ at, text, fields = '' }) => `${at.toISOString()}  ${oneLine(`${text} ${fields}`.trimEnd())}`).join('\n')}`,
  ];
  return parts.filter(Boolean).join('\n\n');
}

/** Whatever somebody wrote into an error moves no cursor. */
const printable = (text: string) => text.split('\n').map(oneLine).join('\n');

function attempts({ attempts }: Task): string[][] {
  return attempts.map(({ startedAt, finishedAt, outcome, owner, error, why }: AttemptRecord) => [
    startedAt.toISOString(),
    duration(finishedAt.getTime() - startedAt.getTime()),
    outcome,
    owner,
    error ? `${error.name}: ${error.message}` : (why ?? ''),
  ]);
}

/** `explain`: why tasks wait. @returns whether all of them are there. */
export async function explain({ queue }: OpenQueue, { words }: Asked, output: Output): Promise<boolean> {
  const all = await Promise.all(words.map(id => queue.explain(id)));
  if (output.json) output.data(all.filter(Boolean));
  for (const [index, one] of all.entries()) {
    if (!one) output.problem(absent(words[index]!));
    else if (!output.json) output.line(explained(one));
  }
  return all.every(Boolean);
}

function explained({ text, taskType, taskId, state, reasons }: Explanation): string {
  if (reasons.length < 2) return oneLine(text);
  const head = `${taskType} ${taskId} is ${state}, for ${count(reasons.length, 'reason')}:`;
  return [head, ...reasons.map(reason => `  - ${oneLine(reason.text)}`)].join('\n');
}
