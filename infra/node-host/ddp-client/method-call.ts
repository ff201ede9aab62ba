import type { DdpMessage } from '../shared/ddp-message';
import { MeteorError } from '../shared/meteor-error';

export type ResultCallback = (error?: Error, result?: unknown) => void;

export interface CallOptions {
  /** Alone: sent when all earlier calls are done, and later ones wait for it. */
  wait?: boolean;
  /** If the connection is lost during the call, it fails with `invocation-failed`, instead of being sent again. */
  noRetry?: boolean;
  /** Called with the result as soon as it is there, before its writes are visible. */
  onResultReceived?: ResultCallback;
}

/** One call of a method: done when its result has come and its writes are visible. */
export class MethodCall {
  /** Its turn has come on the present connection; as in Meteor also if there is none yet, and it was dropped. */
  sent = false;
  private outcome: [error?: Error, result?: unknown] | undefined;
  private dataIsVisible = false;

  constructor(
    readonly id: string,
    private readonly message: DdpMessage,
    private readonly callback: ResultCallback,
    readonly options: CallOptions,
    private readonly onDone: (call: MethodCall) => void,
  ) {}

  get hasResult(): boolean {
    return this.outcome !== undefined;
  }

  send(send: (message: DdpMessage) => void): void {
    this.sent = true;
    this.dataIsVisible = false;
    send(this.message);
  }

  /** @param message a DDP `result` */
  receive(message: DdpMessage): void {
    this.settle(message.error ? errorOf(message) : undefined, message.result);
  }

  /** The connection was lost under a call that must not be repeated. */
  failForLostConnection(): void {
    const reason =
      'Method invocation might have failed due to dropped connection. ' +
      'Failing because `noRetry` option was passed to Meteor.apply.';
    this.settle(new MeteorError('invocation-failed', reason));
  }

  dataVisible(): void {
    this.dataIsVisible = true;
    this.finishIfDone();
  }

  private settle(error?: Error, result?: unknown): void {
    this.outcome = [error, result];
    this.options.onResultReceived?.(error, result);
    this.finishIfDone();
  }

  private finishIfDone(): void {
    if (!this.outcome || !this.dataIsVisible) return;
    try {
      this.callback(...this.outcome);
    } finally {
      this.onDone(this);
    }
  }
}

/** The error that a `result` or `nosub` message carries. */
export function errorOf(message: DdpMessage): MeteorError | undefined {
  const error = message.error as { error: string | number; reason?: string; details?: unknown } | undefined;
  return error && new MeteorError(error.error, error.reason, error.details);
}
