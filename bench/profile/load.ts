import { eventually } from '../../tests/support/eventually';
import { type Measured, percentilesOf, round } from './figures';
import { type Parts, UsageWatch } from './parts';
import { type Call, now, Visitor, type VisitorOptions } from './visitor';

/** What is measured: where visitors call, and what they call and see. */
export interface Target {
  url: string;
  /** Answers with the server's clock as `at`. */
  readMethod: string;
  publications: readonly string[];
  enter?: () => VisitorOptions['enter'];
  /** A write that every visitor sees as a document `profile-<n>`, or with this `n`; none where nobody may write. */
  tick?: (n: number) => Promise<void>;
  /** Figures of the web process's loop since the last look; none where it has no such method. */
  loop?: (visitor: Visitor) => Promise<{ delays: number[]; busy?: number }>;
  parts?: Parts;
}

export const callEveryMs = 250;
const tickEveryMs = 500;
const stepMs = 250;

/** Visitors with an open page, who call at a steady pace, whatever the last call took. */
export class Audience {
  readonly visitors: Visitor[] = [];
  private readonly ticked = new Map<number, number>();
  private publicationDelays: number[] = [];
  private ticks = 0;
  private timers: NodeJS.Timeout[] = [];

  private constructor(readonly target: Target) {}

  static async open(target: Target, count: number): Promise<Audience> {
    const audience = new Audience(target);
    const options = { url: target.url, publications: target.publications };
    const open = () => {
      const heard = { n: 0 };
      const onDocument = (id: string, fields: { n?: number }) =>
        audience.hear(fields.n ?? Number(/^profile-(\d+)$/.exec(id)?.[1] ?? 0), heard);
      return Visitor.open({ ...options, onDocument, ...(target.enter && { enter: target.enter() }) });
    };
    audience.visitors.push(...(await Promise.all(Array.from({ length: count }, open))));
    return audience;
  }

  close(): void {
    for (const visitor of this.visitors) visitor.close();
  }

  get cutOff(): number {
    return this.visitors.reduce((sum, { cutOff }) => sum + cutOff, 0);
  }

  /** Calls until the time is over and `meanwhile` has ended. */
  async measure(
    ms: number,
    meanwhile: Promise<unknown> = Promise.resolve(),
  ): Promise<{ measured: Measured; calls: Call[] }> {
    const { loop, parts } = this.target;
    await this.allConnected();
    for (const visitor of this.visitors) visitor.calls.length = 0;
    this.publicationDelays = [];
    const asking = this.visitors[0]!;
    await loop?.(asking);
    const usage = parts && new UsageWatch(parts);
    const from = now();
    const over = Promise.all([meanwhile, new Promise(resolve => setTimeout(resolve, ms))]);
    let used: Measured['parts'] = [];
    await this.callWhile(over).finally(() => {
      used = usage?.stop() ?? [];
    });
    const seconds = (now() - from) / 1_000;
    const { delays, busy } = (await loop?.(asking).catch(() => undefined)) ?? {};
    const calls = this.visitors.flatMap(visitor => visitor.calls);
    return {
      calls,
      measured: {
        seconds: round(seconds, 1),
        ...figuresOf(calls),
        ...(this.publicationDelays.length > 0 && { publication: percentilesOf(this.publicationDelays) }),
        ...(delays && { loop: percentilesOf(delays) }),
        ...(busy !== undefined && { loopBusyPercent: round(100 * busy, 1) }),
        parts: used,
        slowest: slowestOf(calls, from, seconds),
        stepMs,
      },
    };
  }

  private async callWhile(meanwhile: Promise<unknown>): Promise<void> {
    const { visitors, timers } = this;
    const { readMethod, tick } = this.target;
    const open = new Set<Promise<unknown>>();
    const call = (visitor: Visitor) => {
      const one = visitor.look(readMethod).finally(() => open.delete(one));
      open.add(one);
    };
    for (const [place, visitor] of visitors.entries()) {
      const begin = () => timers.push(setInterval(call, callEveryMs, visitor));
      timers.push(setTimeout(begin, (place * callEveryMs) / visitors.length));
    }
    if (tick) timers.push(setInterval(() => void this.tick(tick), tickEveryMs));
    try {
      await meanwhile;
    } finally {
      for (const timer of timers.splice(0)) clearInterval(timer);
    }
    // A loop that stands still answers late; one that is gone has cut the line, and with it every call.
    await Promise.all(open);
  }

  private async tick(write: (n: number) => Promise<void>): Promise<void> {
    this.ticks += 1;
    const n = this.ticks;
    this.ticked.set(n, now());
    await write(n).catch(() => this.ticked.delete(n));
  }

  /** Of several writes a late publication may tell the last one only: the others have come with it. */
  private hear(n: number, heard: { n: number }): void {
    for (; heard.n < n; heard.n += 1) {
      const written = this.ticked.get(heard.n + 1);
      if (written !== undefined) this.publicationDelays.push(now() - written);
    }
  }

  async allConnected(): Promise<void> {
    await eventually(() => this.visitors.every(({ isConnected }) => isConnected));
  }
}

export function figuresOf(calls: readonly Call[]): Pick<Measured, 'latency' | 'lost'> {
  const took = calls.flatMap(({ sent, answered }) => (answered === undefined ? [] : [answered - sent]));
  return { latency: percentilesOf(took), lost: calls.length - took.length };
}

function slowestOf(calls: readonly Call[], from: number, seconds: number): number[] {
  const steps = Array<number>(Math.max(1, Math.ceil((seconds * 1_000) / stepMs))).fill(0);
  for (const { sent, answered } of calls) {
    const step = Math.floor((sent - from) / stepMs);
    if (answered !== undefined && step < steps.length) steps[step] = Math.max(steps[step]!, round(answered - sent, 1));
  }
  return steps;
}

/** The longest time in which none of these calls was answered. */
export function longestSilence(calls: readonly Call[], from: number, until: number): number {
  const answers = calls.flatMap(({ answered = 0 }) => (answered >= from ? [answered] : [])).sort((a, b) => a - b);
  // At the end they stop to call.
  const ends = answers.length > 0 ? answers : [until];
  return round(Math.max(0, ...ends.map((at, index) => at - (ends[index - 1] ?? from))));
}
