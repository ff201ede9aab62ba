import { TaskQueue } from '../../../infra/queue';

const lookEveryMs = 3_000;

/** Tells how many tasks of its type go before one, as long as it waits in line; undefined once it does not. */
export class PlaceInLine {
  private timer: NodeJS.Timeout | undefined;
  private ahead: number | undefined;
  private queued = false;

  constructor(
    private readonly id: string,
    private readonly tell: (ahead: number | undefined) => void,
  ) {}

  /** Call it with each state that the task comes to. */
  follow(state: string): void {
    this.queued = state === 'queued';
    if (!this.queued) this.say(undefined);
    else if (!this.timer) this.lookSoon(0);
  }

  stop(): void {
    this.queued = false;
    clearTimeout(this.timer);
  }

  private lookSoon(ms: number): void {
    this.timer = setTimeout(() => void this.look(), ms);
  }

  private async look(): Promise<void> {
    // Where the database does not answer, the next look may know.
    const explanation = await TaskQueue.explain(this.id).catch(() => undefined);
    this.timer = undefined;
    if (!this.queued) return;
    const line = explanation?.reasons.find(({ kind }) => kind === 'line');
    if (line?.kind === 'line') this.say(line.ahead);
    this.lookSoon(lookEveryMs);
  }

  private say(ahead: number | undefined): void {
    if (ahead === this.ahead) return;
    this.ahead = ahead;
    this.tell(ahead);
  }
}
