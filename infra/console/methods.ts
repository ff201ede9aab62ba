import { check, Match } from 'meteor/check';
import { DDPRateLimiter } from 'meteor/ddp-rate-limiter';
import { Meteor } from 'meteor/meteor';
import { clip, messageOf } from '../errors/plain-error';
import { defineMethods } from '../link';
import type { Emit } from '../monitor/events';
import type { OperatorRole } from '../settings';
import { type AnyAction, actionNames, consoleActions, covers, methodOf } from './actions';
import type { Audit, AuditPosition } from './audit';
import type { ConsoleMethods, ShownLog } from './contract';
import type { FindOperator, Operator } from './operators';
import type { OpenedSession, OperatorSessions } from './sessions';
import type { ConsoleSources } from './sources';
import type { TargetKind, Targets } from './targets';

type This = Meteor.MethodThisType;
type Refusals = { log(fields: object): void };

const longestText = 1_000;
const isText = (value: unknown) => typeof value === 'string' && value.length > 0 && value.length <= longestText;
const Text = Match.Where(isText);
const minute = 60_000;
const actionsPerMinute = 300;
const entriesPerMinute = 120;

export interface MethodDeps {
  sessions: OperatorSessions;
  findOperator: FindOperator;
  audit: Audit;
  refusals: Refusals;
  emit: Emit;
}

/** Login and logout of operators. */
export function defineLogin({ sessions, findOperator, audit, refusals, emit }: MethodDeps): void {
  const admit = async (caller: This, opened: OpenedSession | undefined) => {
    if (!opened) return refuse(caller, refusals);
    await caller.setUserId(opened.userId);
    const { session, expiresAt, operator } = opened;
    return { session, expiresAt, name: operator.name, role: operator.role };
  };
  defineMethods({
    async 'console.login'(this: This, token: unknown) {
      check(token, Text);
      const opened = await sessions.open(token as string);
      if (opened) await audit.add({ action: 'login', outcome: 'done', by: opened.operator, ...addressOf(this) });
      const answer = await admit(this, opened);
      emit('console.login', { operator: opened?.operator.name, ...addressOf(this) });
      return answer;
    },
    async 'console.enter'(this: This, session: unknown) {
      check(session, Text);
      return admit(this, await sessions.enter(session as string));
    },
    /** The operator whom this connection has logged in already, by the app's accounts. */
    async 'console.me'(this: This) {
      const operator = await findOperator(this.userId);
      return operator && { name: operator.name, role: operator.role };
    },
    async 'console.leave'(this: This) {
      const by = await findOperator(this.userId);
      if (this.userId && by) {
        await sessions.close(this.userId);
        await audit.add({ action: 'logout', outcome: 'done', by, ...addressOf(this) });
      }
      await this.setUserId(null);
    },
  });
}

function refuse(caller: This, refusals: Refusals): never {
  refusals.log(addressOf(caller));
  throw new Meteor.Error('not-authorized', 'This token opens nothing.');
}

const Payload = Match.Where(value => typeof value === 'string' && value.length <= longestPayload);
const longestPayload = 1_000_000;
const mostChosen = 1_000;
const Ids = Match.Where(
  value => Array.isArray(value) && value.length > 0 && value.length <= mostChosen && value.every(isText),
);

/** What a method takes for each kind of target, how the log and the audit call it, and how many tasks it is about. */
interface Taken<T> {
  pattern: Match.Pattern;
  logged(target: T): Record<string, string>;
  count?(target: T): number;
}

const oneTask: Taken<string> = { pattern: Text, logged: taskId => ({ taskId }) };

const targets: { [Kind in TargetKind]: Taken<NonNullable<Targets[Kind]>> } = {
  runningTask: oneTask,
  failedTask: oneTask,
  task: oneTask,
  mendedTask: { pattern: { id: Text, payload: Payload }, logged: ({ id }) => ({ taskId: id }) },
  tasks: {
    pattern: { kind: Match.OneOf('retry', 'replay', 'cancel', 'remove'), ids: Match.Maybe(Ids), q: Match.Maybe(Text) },
    logged: ({ kind, ids, q }) => ({
      kind,
      ...(ids ? { taskIds: clip(ids.join(' '), longestText) } : { matching: `${q}` }),
    }),
    count: ({ ids }) => ids?.length ?? 1,
  },
  bulkWork: { pattern: Text, logged: bulkWork => ({ bulkWork }) },
  taskType: { pattern: Match.OneOf(null, undefined, Text), logged: taskType => ({ taskType }) },
  oneType: { pattern: Text, logged: taskType => ({ taskType }) },
  typeLimits: {
    pattern: {
      taskType: Text,
      concurrency: Match.Maybe(Number),
      priority: Match.Maybe(Number),
      rateLimit: Match.Maybe({ max: Number, per: Number }),
    },
    logged: ({ taskType, ...limits }) => ({ taskType, limits: JSON.stringify(limits) }),
  },
  schedule: { pattern: Text, logged: schedule => ({ schedule }) },
  storedSchedule: { pattern: Text, logged: schedule => ({ schedule }) },
  scheduleForm: {
    pattern: {
      name: Text,
      taskType: Text,
      data: Payload,
      cron: Match.Maybe(Text),
      text: Match.Maybe(Text),
      every: Match.Maybe(Number),
      timezone: Match.Maybe(Text),
      missedRuns: Match.Maybe(Text),
      jitter: Match.Maybe(Number),
      until: Match.Maybe(Date),
    },
    logged: ({ name, taskType, cron, text, every }) => ({
      schedule: name,
      taskType,
      when: `${cron ?? text ?? `every ${every} ms`}`,
    }),
  },
  worker: {
    pattern: { role: Text, pid: Match.Integer },
    logged: ({ role, pid }) => ({ process: role, worker: `${pid}` }),
  },
  jobsRole: { pattern: Text, logged: process => ({ process }) },
  batch: { pattern: Text, logged: batch => ({ batch }) },
  errorGroup: { pattern: Text, logged: fingerprint => ({ fingerprint }) },
};

/** What an operator may do: a method for each action, and the look at what was done. */
export function defineActions(sources: ConsoleSources, deps: MethodDeps): void {
  const methodFor = (action: AnyAction) =>
    async function (this: This, input: unknown) {
      const operator = await operatorOnly(this.userId, deps.findOperator);
      const { pattern, logged, count } = targets[action.on] as Taken<unknown>;
      check(input, pattern);
      const target = input ?? null;
      const about = { action: action.name, target: logged(target ?? 'all'), count: count?.(target) ?? 1 };
      return act(deps, this, operator, about, action, () => action.run(sources, target as never, operator.name));
    };
  defineMethods(Object.fromEntries(actionNames.map(name => [methodOf(name), methodFor(consoleActions[name])])));
  defineMethods({
    async 'console.attemptLog'(this: This, taskId: unknown, startedAt: unknown): Promise<ShownLog | undefined> {
      await operatorOnly(this.userId, deps.findOperator);
      check(taskId, Text);
      check(startedAt, Date);
      return sources.attemptLog(taskId as string, startedAt as Date);
    },
    async 'console.audit'(this: This, before: unknown) {
      refuseLowerRole(await operatorOnly(this.userId, deps.findOperator), 'admin', 'audit');
      check(before, Match.Maybe({ at: Date, _id: Text }));
      return deps.audit.list((before ?? undefined) as AuditPosition | undefined);
    },
  });
}

/** Nothing is done that is not on record before. */
async function act(
  { audit, emit }: MethodDeps,
  caller: This,
  by: Operator,
  { action, target, count }: { action: string; target: Record<string, string>; count: number },
  { needs }: AnyAction,
  run: () => Promise<unknown>,
): Promise<unknown> {
  const about = { action, target, count, by, ...addressOf(caller) };
  try {
    refuseLowerRole(by, needs, action);
  } catch (error) {
    await audit.add({ ...about, outcome: 'refused', why: messageOf(error) });
    throw error;
  }
  const carryOut = await audit.begin(about);
  emit('console.action', { action, ...target, operator: by.name, ...addressOf(caller) });
  return carryOut(run).catch(toClientError);
}

function addressOf({ connection }: This): { address?: string } {
  return connection?.clientAddress ? { address: connection.clientAddress } : {};
}

/** @throws Meteor.Error `not-authorized` where this user is no operator. */
export async function operatorOnly(userId: string | null, findOperator: FindOperator): Promise<Operator> {
  const operator = await findOperator(userId);
  if (!operator) throw new Meteor.Error('not-authorized', 'Log in as an operator first.');
  return operator;
}

/** @throws Meteor.Error `role-too-low` that names both roles. */
export function refuseLowerRole({ name, role }: Operator, needed: OperatorRole, what: string): void {
  if (covers(role, needed)) return;
  const who = needed === 'admin' ? 'an admin' : 'an operator';
  throw new Meteor.Error(
    'role-too-low',
    `"${what}" is for ${who}: ${name} is ${role === 'viewer' ? 'a viewer' : 'an operator'}.`,
  );
}

/** Guessing is slow for whoever guesses from one address, and clicking fast is no offence. */
export function limitConsole(loginsPerMinute: number): void {
  const anyone = () => true;
  const limit = (name: keyof ConsoleMethods, times: number) =>
    DDPRateLimiter.addRule({ type: 'method', name, clientAddress: anyone }, times, minute);
  limit('console.login', loginsPerMinute);
  limit('console.enter', entriesPerMinute);
  const actions: string[] = [
    'console.leave',
    'console.me',
    'console.audit',
    'console.attemptLog',
    ...actionNames.map(methodOf),
  ];
  const isAction = (name: string) => actions.includes(name);
  DDPRateLimiter.addRule({ type: 'method', name: isAction, connectionId: anyone }, actionsPerMinute, minute);
}

/** Operators may read why it did not work. */
function toClientError(error: unknown): never {
  if (error instanceof Meteor.Error) throw error;
  throw new Meteor.Error('failed', messageOf(error));
}
