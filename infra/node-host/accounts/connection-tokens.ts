import type { Connection } from '../ddp/current';
import { outsideOfAll } from '../environment';
import { users } from './users';

interface Watch {
  hashedToken: string;
  stop(): void;
}

/** By which token each connection is logged in. A connection whose token goes from the database is closed. */
export class ConnectionTokens {
  private readonly watches = new Map<string, Watch>();

  of(connection: Pick<Connection, 'id'>): string | undefined {
    return this.watches.get(connection.id)?.hashedToken;
  }

  /** @param hashedToken null: it belongs to none any more */
  set(connection: Connection, userId: string | null, hashedToken: string | null): void {
    this.release(connection);
    if (!hashedToken || !userId) return;
    this.watches.set(connection.id, this.watch(connection, userId, hashedToken));
    connection.onClose(() => this.release(connection));
  }

  private release({ id }: Connection): void {
    this.watches.get(id)?.stop();
    this.watches.delete(id);
  }

  /** The login doesn't wait for it. */
  private watch(connection: Connection, userId: string, hashedToken: string): Watch {
    let stopped = false;
    let stopObserving = () => {};
    const begin = async () => {
      const handle = await closeWhenGone(connection, userId, hashedToken, () => stopped);
      if (stopped) handle.stop();
      else stopObserving = () => handle.stop();
    };
    // What can't be watched must not stay logged in: the client comes back by its token.
    outsideOfAll(() => setImmediate(() => begin().catch(() => connection.close())));
    const stop = () => {
      stopped = true;
      stopObserving();
    };
    return { hashedToken, stop };
  }
}

async function closeWhenGone(connection: Connection, userId: string, hashedToken: string, isOver: () => boolean) {
  let found = false;
  const cursor = users.find(
    { _id: userId, 'services.resume.loginTokens.hashedToken': hashedToken },
    { fields: { _id: 1 } },
  );
  const handle = await cursor.observeChangesAsync(
    {
      added: () => {
        found = true;
      },
      removed: () => connection.close(),
    },
    { nonMutatingCallbacks: true },
  );
  // It went before the look at it began.
  if (!found && !isOver()) connection.close();
  return handle;
}
