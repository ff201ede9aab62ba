import { defaultCallTimeoutMs } from '../../../../infra/database';
import { finishedStates, type Task, type TaskState } from '../../../../infra/queue/model/task';
import { type Claim, type History, historiesOf } from './history';
import type { Line, Written } from './ledger';
import type { Change } from './witness';

/** All that is known of a scenario at its end. */
export interface Evidence {
  ledger: readonly Written[];
  changes: readonly Change[];
  /** The queue as it is in the database at the end. */
  tasks: readonly Task[];
  /** No call of addTask may take longer, whatever the database does. */
  longestCallMs?: number;
  /** How late a task may start that falls due at a time. Without it nobody looks. */
  longestDelayMs?: number;
  /** What happened on purpose: processes that were stopped for a while may have slow calls. */
  stoppedPids?: ReadonlySet<number>;
  /** How many tasks of one limit may run at once. */
  atOncePerLimit?: number;
  /** Where a handler breaks the process that it shares with others, honest attempts may fail; the tasks may not. */
  innocentsMayFail?: boolean;
}

/** What was broken, a line each, and how much was looked at. */
export interface Verdict {
  problems: string[];
  figures: {
    acknowledged: number;
    attempts: number;
    void: number;
    handedBack: number;
    longestCallMs: number;
    /** Of what fell due at a time: how late it began at most. */
    longestDelayMs: number;
  };
}

type Of<K extends Line['kind']> = Written<Extract<Line, { kind: K }>>;

/** Compares ledger, witness and database: what was promised, and was it kept? Pure. */
export function check(evidence: Evidence): Verdict {
  const facts = factsOf(evidence);
  const problems = [
    ...lostTasks(facts),
    ...emptyEnds(facts),
    ...lateResults(facts),
    ...strangeStarts(facts),
    ...openClaims(facts),
    ...innocentFailures(facts),
    ...forbiddenChanges(facts),
    ...brokenOnce(facts),
    ...brokenIds(facts),
    ...brokenOrder(facts),
    ...brokenLimits(facts),
    ...slowCalls(facts),
    ...wrongTimes(facts),
    ...crashes(facts),
  ];
  return { problems, figures: figuresOf(facts) };
}

interface Facts extends Evidence {
  longestCallMs: number;
  asks: Map<string, Of<'ask'>>;
  acks: Of<'ack'>[];
  starts: Of<'start'>[];
  /** When a mongod was killed, in ms. */
  kills: number[];
  /** The roles that were told to end. */
  ending: Set<number>;
  effects: Set<string>;
  byId: Map<string, Task>;
  histories: Map<string, History>;
}

function factsOf(evidence: Evidence): Facts {
  const of = <K extends Line['kind']>(kind: K) => evidence.ledger.filter(line => line.kind === kind) as Of<K>[];
  return {
    longestCallMs: answeredWithinMs,
    ...evidence,
    asks: new Map(of('ask').map(ask => [ask.call, ask])),
    acks: of('ack'),
    starts: of('start'),
    kills: of('database-killed').map(({ at }) => at),
    ending: new Set(of('told-to-end').map(({ role }) => role)),
    effects: new Set(of('effect').map(({ task, token }) => `${task} ${token}`)),
    byId: new Map(evidence.tasks.map(task => [task._id, task])),
    histories: historiesOf(evidence.changes),
  };
}

/** A call to the database ends within its limit, whatever happens; a busy machine may notice somewhat later. */
const answeredWithinMs = defaultCallTimeoutMs + 5_000;

/** Each acknowledged task is there at the end, has ended, and as its adder expected. */
function lostTasks({ acks, asks, byId }: Facts): string[] {
  return acks.flatMap(({ call, ids }) =>
    ids.flatMap(id => {
      const state = byId.get(id)?.state;
      const expects = asks.get(call)?.expects ?? 'done';
      if (state === undefined) return [`${id}: acknowledged, and lost`];
      if (!(finishedStates as readonly TaskState[]).includes(state)) return [`${id}: acknowledged, and still ${state}`];
      if (expects !== 'ended' && state !== expects)
        return [`${id}: ${state} instead of ${expects}${why(byId.get(id))}`];
      return [];
    }),
  );
}

function why(task: Task | undefined): string {
  return task?.error ? ` (${task.error.name}: ${task.error.message.slice(0, 200)})` : '';
}

/** A task is done by the very attempt that had the effect. */
function emptyEnds({ tasks, effects, starts }: Facts): string[] {
  const known = new Set(starts.map(({ task }) => task));
  return tasks
    .filter(({ state, _id, token }) => state === 'done' && known.has(_id) && !effects.has(`${_id} ${token}`))
    .map(({ _id }) => `${_id}: done without an effect of its last claim`);
}

/** The result is that of the claim that ended the task: handlers return their token. */
function lateResults({ tasks }: Facts): string[] {
  return tasks.flatMap(({ _id, state, token, result }) => {
    const { token: of } = (result ?? {}) as { token?: string };
    return state === 'done' && of !== undefined && of !== token ? [`${_id}: the late result of ${of} counts`] : [];
  });
}

/** Each start belongs to a claim, and each claim starts once. */
function strangeStarts({ starts, histories, changes, kills }: Facts): string[] {
  if (changes.length === 0) return [];
  const seen = new Set<string>();
  return starts.flatMap(({ task, token, pid, at }) => {
    const claim = histories.get(task)?.claims.get(token);
    const twice = seen.has(`${task} ${token}`);
    seen.add(`${task} ${token}`);
    if (!claim) return mayBeForgotten(at, kills) ? [] : [`${task}: started in ${pid} without a claim (token ${token})`];
    return twice ? [`${task}: one claim (token ${token}) started twice, the second time in ${pid}`] : [];
  });
}

/**
 * Claims are not journalled: a mongod that is killed may forget those of its last moments, and no change stream shows
 * them. The fence voids them, and the other checks see that the task ended by another claim.
 */
function mayBeForgotten(startedAt: number, kills: readonly number[]): boolean {
  return kills.some(at => startedAt > at - journalMs && startedAt < at + prefetchMs);
}

/** How long a write may wait for the journal, and a claimed task for its start, on a busy machine. */
const journalMs = 2_000;
const prefetchMs = 15_000;

/** Each started attempt is recorded, by its own end or by a rescue, or handed back untouched by a role that ends. */
function openClaims({ starts, histories, ending }: Facts): string[] {
  return starts.flatMap(({ task, token, role = 0 }) => {
    const claim = histories.get(task)?.claims.get(token);
    if (!claim || isAccountedFor(claim, ending.has(role))) return [];
    return [`${task}: the attempt of token ${token} ${claim.exit ? 'is not recorded' : 'has no end'}`];
  });
}

function isAccountedFor({ exit, attemptBefore }: Claim, roleEnds: boolean): boolean {
  if (!exit) return false;
  if (exit.attempt === attemptBefore + 1) return true;
  // A cancelled one may not count; one that is handed back must not.
  return exit.state === 'cancelled' || (exit.state === 'queued' && !exit.fenced && roleEnds);
}

/** What a handler did well is not recorded as a failure: there are no more of them than handlers that threw. */
function innocentFailures({ ledger, tasks, acks, asks, innocentsMayFail }: Facts): string[] {
  if (innocentsMayFail) return [];
  const honest = new Set(acks.filter(({ call }) => asks.get(call)?.expects === 'done').flatMap(({ ids }) => ids));
  const threw = ledger.flatMap(line => (line.kind === 'end' && line.how !== 'done' ? [line.task] : []));
  return tasks.flatMap(({ _id, attempts }) => {
    const failed = attempts.filter(({ outcome }) => outcome === 'failed');
    if (!honest.has(_id) || failed.length <= threw.filter(id => id === _id).length) return [];
    const { error } = failed.at(-1) ?? {};
    return [`${_id}: an honest attempt is recorded as failed (${error?.name}: ${error?.message})`];
  });
}

function forbiddenChanges({ histories }: Facts): string[] {
  return [...histories].flatMap(([id, { problems }]) => problems.map(problem => `${id}: ${problem}`));
}

/** With `once`, one task is ever added under an `_id`, however many asked. */
function brokenOnce({ asks, histories }: Facts): string[] {
  const ids = new Set([...asks.values()].flatMap(({ once, _id }) => (once && _id !== undefined ? [_id] : [])));
  return [...ids].flatMap(id => {
    const added = histories.get(id)?.added ?? 0;
    return added > 1 ? [`${id}: added ${added} times with once`] : [];
  });
}

/** Without `once`, each acknowledged add of an `_id` added a task: none was swallowed, none counted for two. */
function brokenIds({ acks, asks, histories, changes }: Facts): string[] {
  if (changes.length === 0) return [];
  const acknowledged = new Map<string, number>();
  const asked = new Map<string, number>();
  for (const { _id, once } of asks.values()) if (_id !== undefined && !once) asked.set(_id, (asked.get(_id) ?? 0) + 1);
  for (const { call, ids } of acks) {
    const { _id, once } = asks.get(call) ?? {};
    if (ids.length > 0 && _id !== undefined && !once) acknowledged.set(_id, (acknowledged.get(_id) ?? 0) + 1);
  }
  return [...asked].flatMap(([id, most]) => {
    const added = histories.get(id)?.added ?? 0;
    const least = acknowledged.get(id) ?? 0;
    return added < least || added > most ? [`${id}: ${least} adds acknowledged of ${most}, ${added} seen`] : [];
  });
}

/** What comes after a batch is added once, and begins when all of its members have ended. */
function brokenOrder({ acks, asks, changes, histories }: Facts): string[] {
  const idsOf = new Map(acks.map(({ call, ids }) => [call, ids]));
  const followers = acks.flatMap(({ call, ids }) => {
    const { afterAllOf } = asks.get(call) ?? {};
    return afterAllOf === undefined ? [] : ids.map(id => [id, idsOf.get(afterAllOf) ?? []] as const);
  });
  const members = new Map(followers);
  const state = new Map<string, TaskState | undefined>();
  const twice = followers.filter(([id]) => (histories.get(id)?.added ?? 0) > 1);
  const early = changes.flatMap(({ id, set }) => {
    if (set.state) state.set(id, set.state);
    if (set.state !== 'running') return [];
    const live = (members.get(id) ?? []).filter(
      one => !(finishedStates as readonly unknown[]).includes(state.get(one)),
    );
    return live.length > 0 ? [`${id}: begun before ${live.join(', ')}, which it comes after`] : [];
  });
  return [...twice.map(([id]) => `${id}: added more than once after its batch`), ...early];
}

/** No more tasks of one limit run at once than it allows, over all roles. */
function brokenLimits({ changes, atOncePerLimit = Number.POSITIVE_INFINITY }: Facts): string[] {
  const limitKeys = new Map<string, string | undefined>();
  const running = new Map<string, Set<string>>();
  return changes.flatMap(({ id, whole, set }) => {
    if (whole) limitKeys.set(id, set.limitKey);
    const limitKey = limitKeys.get(id);
    if (limitKey === undefined || set.state === undefined) return [];
    const together = running.get(limitKey) ?? new Set();
    running.set(limitKey, together);
    if (set.state === 'running') together.add(id);
    else together.delete(id);
    return together.size > atOncePerLimit ? [`${limitKey}: ${[...together].join(', ')} run at once`] : [];
  });
}

/** A caller hears in bounded time, be it an error. */
function slowCalls(facts: Facts): string[] {
  return callsOf(facts)
    .filter(({ tookMs }) => tookMs > facts.longestCallMs)
    .map(({ call, tookMs }) => `${call}: the caller waited ${Math.round(tookMs / 1_000)} s`);
}

/** How long each call took, but for those of processes that were stopped on purpose. */
function callsOf({ ledger, asks, stoppedPids }: Facts): { call: string; tookMs: number }[] {
  return ledger.flatMap(line => {
    if (line.kind !== 'ack' && line.kind !== 'refused') return [];
    const { at = line.at, role = 0 } = asks.get(line.call) ?? {};
    if (stoppedPids?.has(line.pid) || stoppedPids?.has(role)) return [];
    return [{ call: line.call, tookMs: Math.round(line.at - at) }];
  });
}

/** What falls due at a time begins then, for the first time: not before, and not much later. */
function wrongTimes(facts: Facts): string[] {
  const { longestDelayMs } = facts;
  if (longestDelayMs === undefined) return [];
  return delaysOf(facts).flatMap(({ id, lateMs }) => {
    if (lateMs > longestDelayMs) return [`${id}: began ${Math.round(lateMs / 1_000)} s after it was due`];
    return lateMs < -longestAheadMs ? [`${id}: began ${Math.round(-lateMs / 1_000)} s before it was due`] : [];
  });
}

/** A process knows the database's clock as well as a round trip is short. */
const longestAheadMs = 1_500;

/** By how much the first start of each task came after its due date. */
function delaysOf({ acks, asks, starts }: Pick<Facts, 'acks' | 'asks' | 'starts'>): { id: string; lateMs: number }[] {
  const first = new Map<string, number>();
  for (const { task, at } of starts) first.set(task, Math.min(at, first.get(task) ?? at));
  return acks.flatMap(({ call, ids }) => {
    const { due } = asks.get(call) ?? {};
    if (due === undefined) return [];
    return ids.flatMap(id => (first.has(id) ? [{ id, lateMs: (first.get(id) as number) - due }] : []));
  });
}

function crashes({ ledger }: Facts): string[] {
  return ledger.flatMap(line => (line.kind === 'crash' ? [`process ${line.pid} crashed: ${line.error}`] : []));
}

function figuresOf(facts: Facts): Verdict['figures'] {
  const { acks, starts, histories, byId } = facts;
  const claims = [...histories.values()].flatMap(({ claims }) => [...claims.values()]);
  return {
    acknowledged: new Set(acks.flatMap(({ ids }) => ids)).size,
    attempts: starts.length,
    void: starts.filter(({ task, token }) => byId.get(task)?.token !== token).length,
    handedBack: claims.filter(({ exit, attemptBefore }) => exit?.state === 'queued' && exit.attempt === attemptBefore)
      .length,
    longestCallMs: Math.max(0, ...callsOf(facts).map(({ tookMs }) => tookMs)),
    longestDelayMs: Math.max(0, ...delaysOf(facts).map(({ lateMs }) => lateMs)),
  };
}
