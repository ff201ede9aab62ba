import { messageOf } from '../../errors/plain-error';
import { isAlive } from '../process-tree';
import type { DevelopmentDatabase } from './development-database';
import { type Lease, readLease } from './lease';

const lookEveryMs = 500;

/**
 * The database of another `npm start` of this checkout. When that one has ended, this process goes on with its data at the
 * same port; the roles wait meanwhile.
 */
export class SharedDatabase implements DevelopmentDatabase {
  readonly about: string;
  readonly url: string;
  private timer?: NodeJS.Timeout;
  private own?: DevelopmentDatabase;
  private looking: Promise<void> = Promise.resolve();
  private stopped = false;

  /** @param takeOver gives the database of whoever has it now, this process if nobody. */
  constructor(
    private readonly lease: Lease,
    private readonly local: string,
    private readonly takeOver: () => Promise<DevelopmentDatabase>,
  ) {
    this.url = lease.url;
    this.about = `of the npm start with pid ${lease.owner}; when that one ends, this one goes on with it`;
    this.lookLater();
  }

  /** Resolves when a database that this process has taken over has ended. Twice is fine. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
    await this.own?.stop();
  }

  kill(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.own?.kill();
  }

  private lookLater(): void {
    this.timer = setTimeout(() => {
      this.looking = this.look();
    }, lookEveryMs);
  }

  private async look(): Promise<void> {
    const { owner } = (await readLease(this.local)) ?? {};
    if (this.stopped) return;
    if (owner !== undefined && owner === this.lease.owner && isAlive(owner)) return this.lookLater();
    try {
      this.own = await this.takeOver();
      console.log(`Database: ${this.own.about}`);
      if (this.own.url !== this.url)
        console.log('Database: it has moved, and the roles here look for it where it was: start again');
    } catch (error) {
      console.log(`Database: ${messageOf(error)}; the next try follows`);
      if (!this.stopped) this.lookLater();
    }
  }
}
