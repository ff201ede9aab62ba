import type { RandomScope, RandomStream } from './random-stream';

/** The origin of a call. */
export interface InvocationOptions {
  name?: string;
  isSimulation: boolean;
  isFromCallAsync?: boolean;
  userId: string | null;
  setUserId?: (userId: string | null) => void | Promise<void>;
  unblock?: () => void;
  connection: unknown;
  randomSeed?: RandomScope['randomSeed'];
  fence?: unknown;
}

/** `this` inside a method, on the server and in a simulation. */
export class MethodInvocation implements RandomScope {
  readonly name: string | undefined;
  readonly isSimulation: boolean;
  readonly connection: unknown;
  readonly fence: unknown;
  userId: string | null;
  randomSeed: RandomScope['randomSeed'];
  randomStream: RandomStream | null = null;
  readonly _isFromCallAsync: boolean;
  private calledUnblock = false;

  constructor(private readonly options: InvocationOptions) {
    this.name = options.name;
    this.isSimulation = options.isSimulation;
    this._isFromCallAsync = Boolean(options.isFromCallAsync);
    this.userId = options.userId;
    this.connection = options.connection;
    this.randomSeed = options.randomSeed;
    this.fence = options.fence;
  }

  /** Lets the session's next message start before this method has ended. */
  unblock(): void {
    this.calledUnblock = true;
    this.options.unblock?.();
  }

  /** Logs the connection in (or out, with null) and runs its publications again. @throws after `unblock`. */
  async setUserId(userId: string | null): Promise<void> {
    if (this.calledUnblock) throw new Error("Can't call setUserId in a method after calling unblock");
    this.userId = userId;
    await this.options.setUserId?.(userId);
  }
}
