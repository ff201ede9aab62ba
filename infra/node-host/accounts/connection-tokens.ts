import type { Connection } from '../ddp/current';
import { outsideOfAll } from '../environment';
import { users } from './users';

interface Watch {
  hashedToken: string;
  stop(): void;
}

/** The login token of each connection. When a token is removed from the database, its connection is closed. */
export class ConnectionTokens {
  private readonly watches = new Map<string, Watch>();

  of(connection: Pick<Connection, 'id'>): string | undefined {
    return this.watches.get(connection.id)?.hashedToken;
  }

  /** @param hashedToken null: the connection is logged in by no token */
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
    // A token that can't be watched must not stay in use. The client reconnects and resumes by it.
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
  // The token was removed before the observer started.
  if (!found && !isOver()) connection.close();
  return handle;
}
