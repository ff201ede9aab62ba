import { plainError } from '../../errors/plain-error';
import type { Taken } from '../../queue/api/named-rates';
import type { ToRole, ToWorker } from '../protocol/messages';
import type { PoolQueue } from './pool-options';

type RateMessage = Extract<ToRole, { kind: 'rate' | 'rateEnd' }>;

/** One `context.rate` of a handler, until the handler goes on. */
interface Asked {
  abort: AbortController;
  taken?: Taken;
}

/**
 * What handlers take from named rates, on the role's side. It counts from when it is granted; for a whole span from when
 * the handler says that it goes on, or its attempt ends without a word.
 */
export class AttemptRates {
  private readonly byAttempt = new Map<number, Map<number, Asked>>();

  constructor(private readonly queue: Pick<PoolQueue, 'rates'> | undefined) {}

  /** @param send brings the answer to the handler. */
  onMessage(message: RateMessage, send: (answer: ToWorker) => void): void {
    if (message.kind === 'rate') void this.take(message, send);
    else this.onEnd(message);
  }

  /** Its handler asks for nothing any more, and may have been killed right after it was granted something. */
  ended(attempt: number): void {
    const asked = this.byAttempt.get(attempt);
    this.byAttempt.delete(attempt);
    for (const { abort, taken } of asked?.values() ?? []) {
      abort.abort();
      taken?.begun();
    }
  }

  private async take(
    { attempt, ask, name, cost }: Extract<RateMessage, { kind: 'rate' }>,
    send: (answer: ToWorker) => void,
  ) {
    const asked: Asked = { abort: new AbortController() };
    const ofAttempt = this.byAttempt.get(attempt) ?? new Map<number, Asked>();
    this.byAttempt.set(attempt, ofAttempt.set(ask, asked));
    try {
      if (!this.queue) throw new Error('this pool was given no queue, so its tasks have no rates');
      asked.taken = await this.queue.rates.take(name, cost, asked.abort.signal);
      if (asked.abort.signal.aborted) asked.taken.release();
      else send({ kind: 'answer', ask, value: null });
    } catch (thrown) {
      ofAttempt.delete(ask);
      if (!asked.abort.signal.aborted) send({ kind: 'refusal', ask, error: plainError(thrown) });
    }
  }

  private onEnd({ attempt, ask, begun }: Extract<RateMessage, { kind: 'rateEnd' }>): void {
    const asked = this.byAttempt.get(attempt)?.get(ask);
    if (!asked) return;
    this.byAttempt.get(attempt)?.delete(ask);
    asked.abort.abort();
    if (begun) asked.taken?.begun();
    else asked.taken?.release();
  }
}
