import { clip, show } from '../../errors/plain-error';

const longestNote = 200;

/** A task's progress on its way to the role: checked, and no more often than somebody can watch it. */
export class AttemptProgress {
  private sentAt = Number.NEGATIVE_INFINITY;
  private latest: { fraction: number; note?: string } | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly everyMs: number,
    private readonly send: (fraction: number, note?: string) => void,
  ) {}

  /** @throws TypeError that names what is wrong; nothing is sent then. */
  report(fraction: number, note?: string): void {
    this.latest = { fraction: parseFraction(fraction), note: parseNote(note) };
    const wait = this.sentAt + this.everyMs - performance.now();
    if (wait <= 0) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), wait).unref();
  }

  /** Sends what was held back: the last progress of a task always arrives. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.latest) return;
    const { fraction, note } = this.latest;
    this.latest = undefined;
    this.sentAt = performance.now();
    this.send(fraction, note);
  }
}

function parseFraction(fraction: unknown): number {
  if (typeof fraction !== 'number' || Number.isNaN(fraction))
    throw new TypeError(`progress: fraction ${show(fraction)} is not a number from 0 to 1`);
  return Math.min(1, Math.max(0, fraction));
}

function parseNote(note: unknown): string | undefined {
  if (note === undefined || note === null) return undefined;
  if (typeof note !== 'string') throw new TypeError(`progress: note ${show(note)} is not a text`);
  return clip(note, longestNote);
}
