import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Mongo } from 'meteor/mongo';

/** A login of an operator. Neither token can be read from it. */
interface OperatorSession {
  _id: string;
  /** Binds the session to the operator's token: gone from the settings, the session opens nothing any more. */
  binding: string;
  createdAt: Date;
  expiresAt: Date;
}

const Sessions = new Mongo.Collection<OperatorSession>('operatorSessions', { defineMutationMethods: false } as object);
const prefix = 'operator:';

export interface SessionOptions {
  tokens: readonly string[];
  minutes: number;
}

export interface OpenedSession {
  /** What the browser shows at its next connection. */
  session: string;
  /** What `this.setUserId` gets. */
  userId: string;
  expiresAt: Date;
}

/** Logs operators in by a token of the settings. */
export class OperatorSessions {
  constructor(private readonly options: SessionOptions) {}

  async ensureIndexes(): Promise<void> {
    await Sessions.createIndexAsync({ expiresAt: 1 }, { expireAfterSeconds: 0 });
  }

  /** @returns nothing for a token that is not in the settings; how long that takes tells nothing. */
  async open(token: string): Promise<OpenedSession | undefined> {
    const known = this.options.tokens.filter(candidate => equal(candidate, token));
    if (known.length === 0) return undefined;
    const session = randomBytes(32).toString('hex');
    const createdAt = new Date();
    const expiresAt = new Date(createdAt.getTime() + this.options.minutes * 60_000);
    await Sessions.insertAsync({ _id: idOf(session), binding: bind(session, token), createdAt, expiresAt });
    return { session, userId: userIdOf(session), expiresAt };
  }

  /** Takes up a session on a new connection, as long as its token is still in the settings. */
  async enter(session: string): Promise<OpenedSession | undefined> {
    const found = await Sessions.findOneAsync({ _id: idOf(session), expiresAt: { $gt: new Date() } });
    if (!found) return undefined;
    const bound = this.options.tokens.filter(token => equal(bind(session, token), found.binding));
    return bound.length > 0 ? { session, userId: userIdOf(session), expiresAt: found.expiresAt } : undefined;
  }

  /** Ends a session everywhere. */
  async close(userId: string): Promise<void> {
    await Sessions.removeAsync({ _id: userId.slice(prefix.length) });
  }
}

/** Whether this user is an operator whose session has neither ended nor run out. */
export async function isOpenSession(userId: string | null): Promise<boolean> {
  if (!userId?.startsWith(prefix)) return false;
  const _id = userId.slice(prefix.length);
  return (await Sessions.findOneAsync({ _id, expiresAt: { $gt: new Date() } })) !== undefined;
}

const idOf = (session: string) => createHash('sha256').update(session).digest('hex');
const userIdOf = (session: string) => prefix + idOf(session);
const bind = (session: string, token: string) => createHmac('sha256', session).update(token).digest('hex');

/** By their hashes, so that length and content cost the same time. */
function equal(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

/** Whether this user may operate: see processes, queue and failed tasks, and act on them. */
export type MayOperate = (userId: string | null) => Promise<boolean>;

/**
 * An operator has logged in by a token of the settings, or is one by the app's own judgment. Every method and
 * publication of the console asks at each call.
 *
 * @param byApp `mayOperate` of `imports/app.ts`.
 */
export function mayOperateBy(byApp: ((userId: string) => boolean | Promise<boolean>) | undefined): MayOperate {
  return async userId =>
    userId !== null && ((await isOpenSession(userId)) || (byApp !== undefined && (await byApp(userId)) === true));
}
