import { type TestDatabase, testDatabase } from '../../../support/database';
import { bundle, type HostApp } from './host';

/** Several hosts of one app, each with a database of its own, for conversations that need a whole one. */
export class HostPool {
  private app: HostApp | undefined;
  private databases: TestDatabase[] = [];
  private readonly free: string[] = [];
  private readonly waiting: ((url: string) => void)[] = [];

  /** @param entry the file in this folder that is its server entry */
  constructor(
    private readonly entry: string,
    private readonly size: number,
  ) {}

  async start(): Promise<void> {
    if (process.env.DDP_TRUTH_URL) {
      this.free.push(process.env.DDP_TRUTH_URL);
      return;
    }
    this.app = await bundle(this.entry);
    await Promise.all(Array.from({ length: this.size }, () => this.startOne()));
  }

  /** Waits for a host that nobody has, and gives it back when `use` has ended. @param use is given its DDP endpoint */
  async lend<T>(use: (url: string) => Promise<T>): Promise<T> {
    const url = this.free.shift() ?? (await new Promise<string>(resolve => this.waiting.push(resolve)));
    try {
      return await use(url);
    } finally {
      const next = this.waiting.shift();
      if (next) next(url);
      else this.free.push(url);
    }
  }

  async remove(): Promise<void> {
    await this.app?.remove();
    await Promise.all(this.databases.map(database => database.drop()));
  }

  private async startOne(): Promise<void> {
    const database = await testDatabase();
    this.databases.push(database);
    const { webSocket } = await this.app!.start({ mongoUrl: database.url });
    this.free.push(webSocket);
  }
}
