import { createHash } from 'node:crypto';
import type { Message } from './scenario';

const dayMs = 86_400_000;
/** Earlier dates are those of a fixture. */
const today = 1e12;
const shortestSecret = 20;

/** What a server makes up, by the names that recordings have for it: told apart by the order of appearance only. */
export class MadeUpValues {
  private constructor(
    private readonly withAccounts: boolean,
    private readonly names = new Map<unknown, string>(),
    private readonly counts = new Map<string, number>(),
  ) {}

  static for({ accounts = false }: { accounts?: boolean }): MadeUpValues {
    return new MadeUpValues(accounts);
  }

  /** The same knowledge, to be extended on trial. */
  fork(): MadeUpValues {
    return new MadeUpValues(this.withAccounts, new Map(this.names), new Map(this.counts));
  }

  /** Learns the tokens and users that a message speaks of, before any is named. */
  learn({ msg, collection, id, result }: Message): void {
    if (!this.withAccounts) return;
    if (msg === 'result') this.learnTokens(result);
    const { id: userId, tokenExpires } = (result ?? {}) as Record<string, unknown>;
    for (const candidate of [tokenExpires && userId, result, collection === 'users' && id])
      if (isMadeUpId(candidate)) this.name('user', candidate);
  }

  normalize(message: Message): Message {
    const copy = structuredClone(message);
    if (copy.session) copy.session = this.inOrder('session', copy.session);
    if (copy.msg === 'ping' && copy.id) copy.id = this.inOrder('ping', copy.id);
    blurWaits(copy.error as WaitingError | undefined);
    return this.withAccounts ? (this.deep(copy) as Message) : copy;
  }

  /** All kinds share one count. */
  private inOrder(kind: string, value: unknown): string {
    if (!this.names.has(value)) {
      const count = this.count('');
      this.names.set(value, `<${kind} ${count}>`);
    }
    return this.names.get(value)!;
  }

  /** Each kind has a count of its own: the order among kinds doesn't matter. */
  private name(kind: string, value: string): string {
    if (!this.names.has(value)) {
      const count = this.count(kind);
      this.names.set(value, `<${kind} ${count}>`);
      // What is stored of a token that logs in.
      if (kind === 'token')
        this.names.set(createHash('sha256').update(value).digest('base64'), `<sha-256 of token ${count}>`);
    }
    return this.names.get(value)!;
  }

  private count(kind: string): number {
    const count = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, count);
    return count;
  }

  private learnTokens(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    const { token } = value as { token?: unknown };
    if (typeof token === 'string' && token.length >= shortestSecret) this.name('token', token);
    for (const part of Object.values(value)) this.learnTokens(part);
  }

  private deep(value: unknown, key = ''): unknown {
    if (typeof value === 'string') return this.text(value, key);
    if (Array.isArray(value)) return value.map(item => this.deep(item));
    if (typeof value !== 'object' || value === null) return value;
    if (isDate(value)) return value.$date < today ? value : daysFromNow(value.$date);
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, this.deep(field, name)]));
  }

  private text(value: string, key: string): string {
    if (this.names.has(value)) return this.names.get(value)!;
    if (key === 'token' && value.length >= shortestSecret) return this.name('token', value);
    if (key === 'hashedToken') return this.name('sha-256', value);
    if (key === '_id' && isMadeUpId(value)) return this.name('user', value);
    if (/^\$2[aby]\$\d\d\$.{53}$/.test(value)) return `<bcrypt of ${Number(value.slice(4, 6))} rounds>`;
    return this.inside(value.replace(/https?:\/\/[^/\s]+\//g, '<root>/'));
  }

  /** Secrets within a text: a mail has its token in a link. */
  private inside(text: string): string {
    const secrets = [...this.names].filter(([known]) => typeof known === 'string' && known.length >= shortestSecret);
    return secrets.reduce((result, [secret, name]) => result.replaceAll(secret as string, name), text);
  }
}

const isDate = (value: object): value is { $date: number } =>
  typeof (value as { $date?: unknown }).$date === 'number' && Object.keys(value).length === 1;

function daysFromNow(time: number): string {
  const days = Math.round((time - Date.now()) / dayMs);
  return `<now${days < 0 ? '-' : '+'}${Math.abs(days)} days>`;
}

/** The fixture's own begin with `acc-`. */
const isMadeUpId = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9]{12,24}$/.test(value) && !value.startsWith('acc-');

interface WaitingError {
  details?: { timeToReset?: unknown };
  message?: string;
  reason?: string;
}

/** How long to wait is not compared. */
function blurWaits(error: WaitingError | undefined): void {
  if (error?.details?.timeToReset) error.details.timeToReset = '<ms>';
  for (const field of ['message', 'reason'] as const)
    if (typeof error?.[field] === 'string') error[field] = error[field].replace(/\d+ seconds/, '<n> seconds');
}
