import type { AsyncCommand } from 'fast-check';
import type { Outcome } from '../../../infra/queue/model/executor';
import { decideNextState } from '../../../infra/queue/model/states';
import { isLive, type Task, type TaskState } from '../../../infra/queue/model/task';
import type { Held, Inserted, Settlement, TaskStore } from '../../../infra/queue/store/task-store';
import { aTask } from '../../support/tasks';

/** All that the model knows of a task. */
interface Known {
  state: TaskState;
  attempt: number;
  recorded: number;
  token?: string | undefined;
  uniqueKey?: string | undefined;
}

/** The queue as it should be: as simple as can be said. */
export interface Model {
  tasks: Map<string, Known>;
  /** Every claim ever made: the old ones come back to write, too. */
  claims: (Held & { task: Task; leaseUntil: number })[];
  now: number;
  tokens: number;
}

/** Both stores side by side: they must answer alike. */
export interface Stores {
  memory: TaskStore;
  mongo: TaskStore;
}

type Step = AsyncCommand<Model, Stores>;

const rules = {
  maxSnoozes: 2,
  attempts: 3,
  backoff: { base: 1_000, factor: 1, max: 1_000, jitter: 0 },
  retention: { done: 60_000, failed: 60_000 },
};
const leaseMs = 30_000;
const types = [{ taskType: 'ping', version: 1 }];
/** Far ahead: what has expired by MongoDB's own clock it removes, in the middle of a test. */
const createdAt = new Date('2100-01-01T00:00:00Z');

export const newModel = (): Model => ({ tasks: new Map(), claims: [], now: createdAt.getTime(), tokens: 0 });

/** Asks both stores and compares their answers. */
async function ask<T>({ memory, mongo }: Stores, question: (store: TaskStore) => Promise<T>): Promise<T> {
  const [one, other] = [await question(memory), await question(mongo)];
  expect(plain(other)).toEqual(plain(one));
  return one;
}

/** Without the mark of who promoted it, which the memory store has no need of; dates of another realm are dates. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (name, part) => (name === 'promotion' ? undefined : part));
  return text === undefined ? undefined : JSON.parse(text);
}

const byId = (tasks: Task[]) => tasks.sort((a, b) => (a._id < b._id ? -1 : 1));

/** The two stores hold the same, and what the model says. */
async function compare(model: Model, { memory, mongo }: Stores): Promise<void> {
  const tasks = await ask({ memory, mongo }, async store => byId(await store.find({})));
  const known = tasks.map(({ _id, state, attempt, attempts }) => [_id, state, attempt, attempts.length]);
  const expected = [...model.tasks].map(([id, { state, attempt, recorded }]) => [id, state, attempt, recorded]);
  expect(known).toEqual(expected.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
}

function step(
  name: string,
  can: (model: Model) => boolean,
  run: (model: Model, stores: Stores) => Promise<void>,
): Step {
  return {
    check: can,
    run: async (model, stores) => {
      await run(model, stores);
      await compare(model, stores);
    },
    toString: () => name,
  };
}

const always = () => true;

export function add(id: string, { once = false, later = false, uniqueKey }: Adding): Step {
  return step(`add ${id} ${JSON.stringify({ once, later, uniqueKey })}`, always, async (model, stores) => {
    const dueDate = new Date(model.now + (later ? 5_000 : 0));
    const state = later ? 'scheduled' : 'queued';
    const task = aTask({ _id: id, createdAt, dueDate, state, ...(uniqueKey && { uniqueKey }) });
    const [answer] = await ask(stores, store => store.insert([{ task, once }]));
    expect(answer?.kind).toBe(expectedOf(model, id, once, uniqueKey));
    if (answer?.kind === 'added') model.tasks.set(id, { state, attempt: 0, recorded: 0, uniqueKey });
  });
}

interface Adding {
  once?: boolean;
  later?: boolean;
  uniqueKey?: string | undefined;
}

function expectedOf({ tasks }: Model, id: string, once: boolean, uniqueKey: string | undefined): Inserted['kind'] {
  const there = tasks.get(id);
  if (there && once) return 'there';
  if (there && isLive(there)) return 'duplicate';
  return holdsKey(tasks, id, uniqueKey) ? 'duplicate' : 'added';
}

function holdsKey(tasks: Model['tasks'], id: string, uniqueKey: string | undefined): boolean {
  if (uniqueKey === undefined) return false;
  return [...tasks].some(([other, task]) => other !== id && task.uniqueKey === uniqueKey && isLive(task));
}

/** `loseReply`: the claim is written, and the claimer never hears of it. */
export function claim(owner: string, ids: readonly string[] | 'first', loseReply = false): Step {
  const name = `${owner} claims ${ids}${loseReply ? ', reply lost' : ''}`;
  return step(name, always, async (model, stores) => {
    model.tokens += 1;
    const token = `t${model.tokens}`;
    const leaseUntil = model.now + leaseMs;
    const wish = { owner, token, now: new Date(model.now), leaseUntil: new Date(leaseUntil) };
    const taken =
      ids === 'first'
        ? [await ask(stores, store => store.takeFirst({ types, limit: 1 }, wish))].flatMap(task => task ?? [])
        : await ask(stores, store => store.take(ids, wish));
    const waiting = [...model.tasks].filter(([, { state }]) => state === 'queued').map(([id]) => id);
    if (ids === 'first') expect(taken).toHaveLength(Math.min(1, waiting.length));
    else expect(taken.map(({ _id }) => _id)).toEqual(ids.filter(id => waiting.includes(id)));
    for (const task of taken) {
      Object.assign(model.tasks.get(task._id) as Known, { state: 'running', token });
      model.claims.push({ _id: task._id, owner, token, task, leaseUntil });
    }
    if (loseReply) await handBackWhatever(model, stores, owner, token);
  });
}

async function handBackWhatever(model: Model, stores: Stores, owner: string, token: string): Promise<void> {
  await ask(stores, store => store.handBackClaim(owner, token));
  for (const known of model.tasks.values()) if (holds(known, token)) known.state = 'queued';
}

const holds = (known: Known | undefined, token: string | undefined) =>
  known?.state === 'running' && known.token === token;

/**
 * Any claim ever made comes with its end; `twice`: its reply is lost, so it comes again. `keepsNothing`: its type keeps
 * nothing of what is done.
 */
export function settle(nth: number, ending: Outcome, twice: boolean, keepsNothing = false): Step {
  const name = `claim ${nth} ends as ${ending.kind}${keepsNothing ? ', not kept' : ''}${twice ? ', twice' : ''}`;
  return step(
    name,
    ({ claims }) => claims.length > 0,
    async (model, stores) => {
      const held = model.claims[nth % model.claims.length] as Model['claims'][number];
      const settlement = settlementOf(held.task, ending, model.now, keepsNothing);
      const isGone = settlement.transition.isKept === false;
      for (let time = 0; time < (twice ? 2 : 1); time++) {
        const known = model.tasks.get(held._id);
        const mine = holds(known, held.token);
        // The same end written again is no loss, as long as nobody else has claimed the task.
        const again = known ? known.state !== 'running' && known.token === held.token : isGone && time > 0;
        settlement.isRetried = time > 0;
        expect(await ask(stores, store => store.settle([settlement]))).toEqual(mine || again ? [] : [held._id]);
        if (mine && isGone) model.tasks.delete(held._id);
        else if (mine) record(known as Known, settlement);
      }
    },
  );
}

function settlementOf(task: Task, ending: Outcome, now: number, keepsNothing = false): Settlement {
  const retention = { ...rules.retention, ...(keepsNothing && { done: 0 }) };
  const transition = decideNextState(task, ending, new Date(now), { ...rules, retention }, 0.5);
  const startedAt = task.claimedAt as Date;
  const attempt = { startedAt, finishedAt: new Date(now), owner: String(task.owner), outcome: ending.kind };
  return { task, transition, ...(ending.kind !== 'rejected' && { attempt: attempt as Settlement['attempt'] }) };
}

function record(known: Known, { transition, attempt }: Settlement): void {
  known.state = transition.state;
  known.attempt = transition.attempt;
  if (attempt) known.recorded += 1;
}

/** Leases that are over, and the tasks of owners who are dead, are taken from them. */
export function rescue(deadOwners: readonly string[]): Step {
  return step(`rescue from ${deadOwners}`, always, async (model, stores) => {
    const found = await ask(stores, async store => byId(await store.expired(new Date(model.now), deadOwners, 100)));
    const over = model.claims.filter(
      ({ _id, token, owner, leaseUntil }) =>
        holds(model.tasks.get(_id), token) && (leaseUntil < model.now || deadOwners.includes(String(owner))),
    );
    expect(found.map(({ _id }) => _id)).toEqual(over.map(({ _id }) => _id).sort());
    model.tokens += 1;
    const newToken = `fence ${model.tokens}`;
    const error = { name: 'Rescued', message: 'its role died' };
    const ends = found.map(task => ({ ...settlementOf(task, { kind: 'rescued', error }, model.now), newToken }));
    expect(await ask(stores, store => store.settle(ends))).toEqual([]);
    for (const end of ends) {
      const known = model.tasks.get(end.task._id) as Known;
      record(known, end);
      known.token = newToken;
    }
  });
}

export function handBack(nth: number): Step {
  return step(
    `claim ${nth} is handed back`,
    ({ claims }) => claims.length > 0,
    async (model, stores) => {
      const held = model.claims[nth % model.claims.length] as Held;
      await ask(stores, store => store.handBackClaim(held.owner as string, held.token as string));
      for (const known of model.tasks.values()) if (holds(known, held.token)) known.state = 'queued';
    },
  );
}

export function renew(nth: number): Step {
  return step(
    `claim ${nth} is renewed`,
    ({ claims }) => claims.length > 0,
    async (model, stores) => {
      const held = model.claims[nth % model.claims.length] as Model['claims'][number];
      const leaseUntil = model.now + leaseMs;
      const mine = holds(model.tasks.get(held._id), held.token);
      if (mine) held.leaseUntil = leaseUntil;
      const lost = await ask(stores, store => store.renew([held], new Date(leaseUntil)));
      if (mine) expect(lost).toEqual([]);
    },
  );
}

export function cancel(id: string): Step {
  return step(`cancel ${id}`, always, async (model, stores) => {
    const known = model.tasks.get(id);
    const [now, gone] = [new Date(model.now), new Date(model.now + 60_000)];
    const answer = await ask(stores, store => store.cancel(id, now, gone));
    expect(answer).toBe(!known || !isLive(known) ? undefined : known.state === 'running' ? 'requested' : 'cancelled');
    if (answer === 'cancelled') (known as Known).state = 'cancelled';
  });
}

export function retry(id: string): Step {
  return step(`retry ${id}`, always, async (model, stores) => {
    const known = model.tasks.get(id);
    const can = known !== undefined && ['failed', 'cancelled', 'rejected'].includes(known.state);
    const taken = can && holdsKey(model.tasks, id, known.uniqueKey);
    const answer = await ask(stores, store => store.retry(id, { dueDate: new Date(model.now) }));
    expect(answer).toBe(taken ? 'duplicate' : can ? 'retried' : undefined);
    if (answer === 'retried') Object.assign(known as Known, { state: 'queued', attempt: 0 });
  });
}

export function pass(ms: number): Step {
  return step(`${ms} ms pass`, always, async (model, stores) => {
    model.now += ms;
    const now = new Date(model.now);
    await ask(stores, async store => (await store.promote(now, 100)).map(({ _id }) => _id).sort());
    for (const [id, known] of model.tasks)
      if (known.state === 'scheduled') known.state = (await stores.memory.findOne(id))?.state as TaskState;
    const late = (await stores.memory.find({ state: 'scheduled' })).filter(({ dueDate }) => dueDate <= now);
    expect(late).toEqual([]);
  });
}

export function bump(id: string): Step {
  return step(`bump ${id}`, always, async (model, stores) => {
    const known = model.tasks.get(id);
    const bumped = await ask(stores, async store => (await store.bump(id, 10))?._id);
    expect(bumped).toBe(known && isLive(known) ? id : undefined);
  });
}
