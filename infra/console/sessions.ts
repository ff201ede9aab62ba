import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Mongo } from 'meteor/mongo';
import { type Settings, singleOperator } from '../settings';
import type { Operator } from './operators';

/** A login of an operator. Neither token can be read from it. */
interface OperatorSession {
  _id: string;
  /** Binds the session to the operator's token: gone from the settings, the session opens nothing any more. */
  binding: string;
  /** The operator's name. What the operator may do is in the settings. */
  operator: string;
  createdAt: Date;
  expiresAt: Date;
}

const Sessions = new Mongo.Collection<OperatorSession>('operatorSessions', { defineMutationMethods: false } as object);
const prefix = 'operator:';

export interface SessionOptions {
  operators: Settings['console']['operators'];
  minutes: number;
}

/** All operators of the settings: whoever holds the single token may do everything. */
export function operatorsOf({ operatorToken, operators }: Settings['console']): SessionOptions['operators'] {
  return [...operatorToken.map(token => ({ name: singleOperator, token, role: 'admin' as const })), ...operators];
}

export interface OpenedSession {
  /** What the browser shows at its next connection. */
  session: string;
  /** What `this.setUserId` gets. */
  userId: string;
  expiresAt: Date;
  operator: Operator;
}

/** Logs operators in by a token of the settings. */
export class OperatorSessions {
  constructor(private readonly options: SessionOptions) {}

  async ensureIndexes(): Promise<void> {
    await Sessions.createIndexAsync({ expiresAt: 1 }, { expireAfterSeconds: 0 });
  }

  /** @returns nothing for a token that is not in the settings; how long that takes tells nothing. */
  async open(token: string): Promise<OpenedSession | undefined> {
    const [known] = this.options.operators.filter(candidate => equal(candidate.token, token));
    if (!known) return undefined;
    const session = randomBytes(32).toString('hex');
    const createdAt = new Date();
    const expiresAt = new Date(createdAt.getTime() + this.options.minutes * 60_000);
    const { name, role } = known;
    const binding = bind(session, token);
    await Sessions.insertAsync({ _id: idOf(session), binding, operator: name, createdAt, expiresAt });
    return { session, userId: userIdOf(session), expiresAt, operator: { name, role } };
  }

  /** Takes up a session on a new connection, as long as its token is still in the settings. */
  async enter(session: string): Promise<OpenedSession | undefined> {
    const found = await Sessions.findOneAsync({ _id: idOf(session), expiresAt: { $gt: new Date() } });
    if (!found) return undefined;
    const [bound] = this.options.operators.filter(({ token }) => equal(bind(session, token), found.binding));
    if (!bound) return undefined;
    const { name, role } = bound;
    // The same token may have another name by now.
    if (found.operator !== name) await Sessions.updateAsync({ _id: found._id }, { $set: { operator: name } });
    return { session, userId: userIdOf(session), expiresAt: found.expiresAt, operator: { name, role } };
  }

  /** The operator of a session that has neither ended nor run out, by the settings of today. */
  async operatorOf(userId: string): Promise<Operator | undefined> {
    if (!userId.startsWith(prefix)) return undefined;
    const _id = userId.slice(prefix.length);
    const found = await Sessions.findOneAsync({ _id, expiresAt: { $gt: new Date() } });
    const known = found && this.options.operators.find(({ name }) => name === found.operator);
    return known && { name: known.name, role: known.role };
  }

  /** Ends a session everywhere. */
  async close(userId: string): Promise<void> {
    await Sessions.removeAsync({ _id: userId.slice(prefix.length) });
  }
}

const idOf = (session: string) => createHash('sha256').update(session).digest('hex');
const userIdOf = (session: string) => prefix + idOf(session);
const bind = (session: string, token: string) => createHmac('sha256', session).update(token).digest('hex');

/** By their hashes, so that length and content cost the same time. */
function equal(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
