import { Repeated } from '../timing/repeated';

type Ensure = () => Promise<unknown>;

interface Options {
  /** Hears once per time of trouble of which indexes could not be made. */
  failed(of: string, error: unknown): void;
  everyMs?: number;
}

/**
 * Indexes that are there as long as a role runs: somebody may drop one, or a whole collection (a restore does). What
 * makes them costs one round trip where nothing is missing.
 */
export class KeptIndexes {
  private readonly kept = new Map<string, Ensure>();
  private readonly failing = new Set<string>();
  private readonly looks: Repeated;

  constructor(private readonly options: Options) {
    this.looks = new Repeated(options.everyMs ?? 30_000, () => this.lookAtAll());
  }

  /**
   * Makes the indexes now, and again whenever they are missing.
   *
   * @param of whose they are, for the log.
   * @throws where they can't be made now.
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
