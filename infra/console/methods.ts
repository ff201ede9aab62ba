import { check, Match } from 'meteor/check';
import { DDPRateLimiter } from 'meteor/ddp-rate-limiter';
import { Meteor } from 'meteor/meteor';
import { messageOf } from '../errors/plain-error';
import { defineMethods } from '../link';
import type { Emit } from '../monitor/events';
import { type AnyAction, actionNames, consoleActions, methodOf, type TargetKind } from './actions';
import type { ConsoleMethods } from './contract';
import type { MayOperate, OpenedSession, OperatorSessions } from './sessions';
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

/** What a method takes for each kind of target, and how the log calls it. */
const targets: Record<TargetKind, { pattern: Match.Pattern; logged(target: string | null): object }> = {
  runningTask: { pattern: Text, logged: taskId => ({ taskId }) },
  failedTask: { pattern: Text, logged: taskId => ({ taskId }) },
  taskType: { pattern: Match.OneOf(null, undefined, Text), logged: taskType => ({ taskType: taskType ?? 'all' }) },
  schedule: { pattern: Text, logged: schedule => ({ schedule }) },
};

/** What an operator may do: a method for each action. */
export function defineActions(sources: ConsoleSources, mayOperate: MayOperate, emit: Emit): void {
  const methodFor = (action: AnyAction) =>
    async function (this: This, input: unknown) {
      await refuseStrangers(this.userId, mayOperate);
      const { pattern, logged } = targets[action.on];
      check(input, pattern);
      const target = (input ?? null) as string | null;
      emit('console.action', {
        action: action.name,
        ...logged(target),
        address: this.connection?.clientAddress,
      });
      try {
        return await action.run(sources, target as never);
      } catch (error) {
        throw toClientError(error);
      }
    };
  defineMethods(Object.fromEntries(actionNames.map(name => [methodOf(name), methodFor(consoleActions[name])])));
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
  const actions: string[] = ['console.leave', ...actionNames.map(methodOf)];
  const isAction = (name: string) => actions.includes(name);
  DDPRateLimiter.addRule({ type: 'method', name: isAction, connectionId: anyone }, actionsPerMinute, minute);
}

/** Operators may read why it did not work. */
function toClientError(error: unknown): unknown {
  if (error instanceof Meteor.Error) return error;
  return new Meteor.Error('failed', messageOf(error));
}
