import { check, Match } from 'meteor/check';
import { DDPRateLimiter } from 'meteor/ddp-rate-limiter';
import { Meteor } from 'meteor/meteor';
import { messageOf } from '../errors/plain-error';
import { defineMethods } from '../link';
import type { Emit } from '../monitor/events';
import type { ConsoleMethods } from './contract';
import type { MayOperate } from './may-operate';
import type { OpenedSession, OperatorSessions } from './sessions';
import type { ConsoleSources } from './sources';

type This = Meteor.MethodThisType;
type Refusals = { log(fields: object): void };

const longestText = 1_000;
const isText = (value: unknown) => typeof value === 'string' && value.length > 0 && value.length <= longestText;
const Text = Match.Where(isText);
const minute = 60_000;
const actionsPerMinute = 300;
const entriesPerMinute = 120;

/** Login and logout of operators. */
export function defineLogin(sessions: OperatorSessions, mayOperate: MayOperate, refusals: Refusals, emit: Emit): void {
  const admit = async (caller: This, opened: OpenedSession | undefined) => {
    if (!opened) return refuse(caller, refusals);
    await caller.setUserId(opened.userId);
    const { session, expiresAt } = opened;
    return { session, expiresAt };
  };
  defineMethods({
    async 'console.login'(this: This, token: unknown) {
      check(token, Text);
      const answer = await admit(this, await sessions.open(token as string));
      emit('console.login', { address: this.connection?.clientAddress });
      return answer;
    },
    async 'console.enter'(this: This, session: unknown) {
      check(session, Text);
      return admit(this, await sessions.enter(session as string));
    },
    async 'console.leave'(this: This) {
      if (this.userId && (await mayOperate(this.userId))) await sessions.close(this.userId);
      await this.setUserId(null);
    },
  });
}

function refuse(caller: This, refusals: Refusals): never {
  refusals.log({ address: caller.connection?.clientAddress });
  throw new Meteor.Error('not-authorized', 'This token opens nothing.');
}

/** What an operator may do. */
export function defineActions(sources: ConsoleSources, mayOperate: MayOperate, emit: Emit): void {
  const asOperator = (userId: string | null) => refuseStrangers(userId, mayOperate);
  /** Says who does what to the log, then does it. @throws what the operator may read. */
  const act = async <T>(caller: This, action: string, about: object, perform: () => Promise<T>): Promise<T> => {
    emit('console.action', { action, ...about, address: caller.connection?.clientAddress });
    try {
      return await perform();
    } catch (error) {
      throw toClientError(error);
    }
  };
  const onTask = (action: string, perform: (id: string) => Promise<unknown>) =>
    async function (this: This, taskId: unknown) {
      await asOperator(this.userId);
      check(taskId, Text);
      return act(this, action, { taskId }, () => perform(taskId as string));
    };
  const onType = (action: string, perform: (taskType?: string) => Promise<unknown>) =>
    async function (this: This, taskType: unknown) {
      await asOperator(this.userId);
      check(taskType, Match.OneOf(null, undefined, Text));
      const one = (taskType as string | null) ?? undefined;
      await act(this, action, { taskType: one ?? 'all' }, () => perform(one));
    };
  defineMethods({
    'console.retryTask': onTask('retry', id => sources.retry(id).then(() => undefined)),
    'console.replayTask': onTask('replay', id => sources.replay(id)),
    'console.cancelTask': onTask('cancel', id => sources.cancel(id).then(() => undefined)),
    'console.pause': onType('pause', taskType => sources.pause(taskType)),
    'console.resume': onType('resume', taskType => sources.resume(taskType)),
    async 'console.runSchedule'(this: This, name: unknown) {
      await asOperator(this.userId);
      check(name, Text);
      await act(this, 'run schedule', { schedule: name }, () => sources.runSchedule(name as string));
    },
  });
}

/** @throws where this user may not operate. */
export async function refuseStrangers(userId: string | null, mayOperate: MayOperate): Promise<void> {
  if (!(await mayOperate(userId))) throw new Meteor.Error('not-authorized', 'Log in as an operator first.');
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
    'console.retryTask',
    'console.replayTask',
    'console.cancelTask',
    'console.pause',
    'console.resume',
    'console.runSchedule',
  ];
  const isAction = (name: string) => actions.includes(name);
  DDPRateLimiter.addRule({ type: 'method', name: isAction, connectionId: anyone }, actionsPerMinute, minute);
}

/** Operators may read why it did not work. */
function toClientError(error: unknown): unknown {
  if (error instanceof Meteor.Error) return error;
  return new Meteor.Error('failed', messageOf(error));
}
