import type { OperatorRole } from '../settings';

/** Somebody who may see the console, and do what the role allows. */
export interface Operator {
  /** From the settings, or the user's id where the app has accounts. */
  name: string;
  role: OperatorRole;
  /** Of the app's own accounts. */
  userId?: string;
}

/** Who of the operators this user is; undefined: none. Every method and publication of the console asks at each call. */
export type FindOperator = (userId: string | null) => Promise<Operator | undefined>;

/** What `mayOperate` of `imports/app.ts` answers: true is an operator. Without a name, the user's id is it. */
export type AppAnswer = boolean | OperatorRole | { role: OperatorRole; name: string };

/**
 * An operator has logged in by a token of the settings, or is one by the app's own judgment.
 *
 * @param byApp `mayOperate` of `imports/app.ts`. Any other answer than those it may give means no.
 */
export function findOperatorBy(
  sessions: { operatorOf(userId: string): Promise<Operator | undefined> },
  byApp: ((userId: string) => AppAnswer | Promise<AppAnswer>) | undefined,
): FindOperator {
  return async userId => {
    if (userId === null) return undefined;
    const known = await sessions.operatorOf(userId);
    if (known || !byApp) return known;
    return judged(userId, await byApp(userId));
  };
}

/** An app may answer anything at run time. */
function judged(userId: string, answer: AppAnswer | null | undefined): Operator | undefined {
  const isNamed = typeof answer === 'object' && answer !== null;
  const { role, name } = isNamed ? answer : { role: answer === true ? 'operator' : answer, name: userId };
  return isRole(role) && isText(name) ? { name, role, userId } : undefined;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

const isRole = (value: unknown): value is OperatorRole =>
  value === 'viewer' || value === 'operator' || value === 'admin';
