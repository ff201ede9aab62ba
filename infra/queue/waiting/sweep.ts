import type { DatabaseGuard } from '../store/database-guard';

/** Looks at some, from where the last look ended ('' begins with the first). @returns where to go on, '' at the end. */
type Look = (from: string) => Promise<string>;

/** Looks at all that waits, of each kind a part at a time. */
export class Sweep {
  /** Where each kind goes on that it has not come to the end of. */
  private readonly positions = new Map<string, string>();
  private stopped = false;

  /** @param looks by the kind of what they look at. */
  constructor(
    private readonly guard: DatabaseGuard,
    private readonly looks: Record<string, Look>,
  ) {}

  /** Looks at some of each kind. Where that was not the end, `goOn` comes to the rest. */
  async begin(): Promise<void> {
    for (const kind of Object.keys(this.looks)) if (!this.positions.has(kind)) this.positions.set(kind, '');
    await this.goOn();
  }

  /** Looks at some more of what it has not come to yet. Where that is nothing, it asks no question. */
  async goOn(): Promise<void> {
    for (const [kind, from] of [...this.positions]) {
      if (this.stopped) return;
      const next = await this.guard.attempt(`sweep of ${kind}`, () => this.looks[kind]!(from));
      // What failed holds up no other kind: the next sweep begins with it anew.
      if (next) this.positions.set(kind, next);
      else this.positions.delete(kind);
    }
  }

  stop(): void {
    this.stopped = true;
  }
}
