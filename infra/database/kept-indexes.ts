import { Repeated } from '../timing/repeated';

type Ensure = () => Promise<unknown>;

interface Options {
  /** Called once per outage, with the owner of the indexes that could not be created. */
  failed(of: string, error: unknown): void;
  everyMs?: number;
}

/**
 * Indexes that stay while a role runs: somebody may drop one, or a whole collection (as a restore does). A check costs
 * one round trip if nothing is missing.
 */
export class KeptIndexes {
  private readonly kept = new Map<string, Ensure>();
  private readonly failing = new Set<string>();
  private readonly looks: Repeated;

  constructor(private readonly options: Options) {
    this.looks = new Repeated(options.everyMs ?? 30_000, () => this.lookAtAll());
  }

  /**
   * Creates the indexes now, and again whenever they are missing.
   *
   * @param of their owner, for the log.
   * @throws if they can't be created now.
   */
  async keep(of: string, ensure: Ensure): Promise<void> {
    await ensure();
    this.kept.set(of, ensure);
    this.looks.startLater();
  }

  stop(): Promise<void> {
    return this.looks.stop();
  }

  private async lookAtAll(): Promise<void> {
    for (const [of, ensure] of this.kept) {
      try {
        await ensure();
        this.failing.delete(of);
      } catch (error) {
        if (!this.failing.has(of)) this.options.failed(of, error);
        this.failing.add(of);
      }
    }
  }
}
