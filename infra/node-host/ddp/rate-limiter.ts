import { textOf } from '../../errors/plain-error';
import { Random } from '../shared/random';

/** The input of a rule: one call of a method, or one subscription. */
export interface RateLimiterInput {
  type: 'method' | 'subscription';
  name: string;
  userId: string | null;
  connectionId: string;
  clientAddress: string | null;
}

type Matcher = { [Field in keyof RateLimiterInput]?: unknown };

export interface RateLimitResult {
  allowed: boolean;
  /** Milliseconds until the count starts again. */
  timeToReset: number;
  numInvocationsLeft: number;
  ruleId?: string;
}

type Callback = (result: RateLimitResult, input: RateLimiterInput) => void;
type Message = string | ((result: RateLimitResult) => string);

class Rule {
  readonly id = Random.id();
  private lastReset = Date.now();
  private counters = new Map<string, number>();

  constructor(
    private readonly matcher: Matcher,
    private readonly allowed: number,
    private readonly intervalMs: number,
    private readonly callback: Callback | undefined,
  ) {}

  matches(input: RateLimiterInput): boolean {
    return this.fields.every(field => {
      const wanted = this.matcher[field];
      return typeof wanted === 'function' ? Boolean(wanted(input[field])) : wanted === input[field];
    });
  }

  increment(input: RateLimiterInput): void {
    if (Date.now() - this.lastReset > this.intervalMs) this.reset();
    this.counters.set(this.key(input), this.count(input) + 1);
  }

  /** Applies this rule to `result`. */
  check(input: RateLimiterInput, result: RateLimitResult): void {
    if (Date.now() - this.lastReset > this.intervalMs) this.reset();
    const timeToReset = this.intervalMs - (Date.now() - this.lastReset);
    const left = this.allowed - this.count(input);
    if (left < 0) {
      result.timeToReset = Math.max(result.timeToReset, timeToReset);
      result.allowed = false;
      result.numInvocationsLeft = 0;
    } else if (result.allowed && left < result.numInvocationsLeft) {
      result.timeToReset = timeToReset;
      result.numInvocationsLeft = left;
    }
    result.ruleId = this.id;
    this.tell(result, input);
  }

  private get fields(): (keyof RateLimiterInput)[] {
    const all = Object.keys(this.matcher) as (keyof RateLimiterInput)[];
    return all.filter(field => this.matcher[field] !== null && this.matcher[field] !== undefined);
  }

  private tell(result: RateLimitResult, input: RateLimiterInput): void {
    try {
      this.callback?.(result, input);
    } catch (error) {
      console.error('Exception in the callback of a rate limit rule:', textOf(error));
    }
  }

  private reset(): void {
    this.lastReset = Date.now();
    this.counters = new Map();
  }

  /** The key of a count: the rule counts separately by the fields that it names. */
  private key(input: RateLimiterInput): string {
    return JSON.stringify(this.fields.map(field => input[field]));
  }

  private count(input: RateLimiterInput): number {
    return this.counters.get(this.key(input)) ?? 0;
  }
}

const rules = new Map<string, Rule>();
const messageOfRule = new Map<string, Message>();
let defaultMessage: Message = ({ timeToReset }) =>
  `Error, too many requests. Please slow down. You must wait ${Math.ceil(timeToReset / 1000)} seconds before trying again.`;

const matching = (input: RateLimiterInput): Rule[] => [...rules.values()].filter(rule => rule.matches(input));

/** Meteor's `DDPRateLimiter`: how many calls and subscriptions of one kind may come in a span of time. */
export const DDPRateLimiter = {
  /** As in Meteor, 0 counts as a missing number. @param timeInterval ms @returns the id of the rule */
  addRule(matcher: Matcher, numRequests?: number, timeInterval?: number, callback?: Callback): string {
    const rule = new Rule(matcher, numRequests || 10, timeInterval || 1000, callback);
    rules.set(rule.id, rule);
    return rule.id;
  },

  removeRule(id: string): boolean {
    return rules.delete(id);
  },

  setErrorMessage(message: Message): void {
    defaultMessage = message;
  },

  setErrorMessageOnRule(ruleId: string, message: Message): void {
    messageOfRule.set(ruleId, message);
  },

  getErrorMessage(result: RateLimitResult): string {
    const message = messageOfRule.get(result.ruleId ?? '') ?? defaultMessage;
    return typeof message === 'function' ? message(result) : message;
  },

  printRules(): Matcher[] {
    return [...rules.values()] as unknown as Matcher[];
  },

  _increment(input: RateLimiterInput): void {
    for (const rule of matching(input)) rule.increment(input);
  },

  _check(input: RateLimiterInput): RateLimitResult {
    const result: RateLimitResult = { allowed: true, timeToReset: 0, numInvocationsLeft: Number.POSITIVE_INFINITY };
    for (const rule of matching(input)) rule.check(input, result);
    return result;
  },
};
