import { type Document, MongoClient, MongoNetworkError, MongoServerError } from 'mongodb';

const askAgainAfterMs = 100;

/**
 * Resolves when the MongoDB at `url` answers and takes commands. Asks again if it closes the connection while it comes
 * up.
 *
 * @throws one line with the address (its password hidden), the reason and what to do.
 */
export async function answers(url: string, timeoutMs = 5_000): Promise<void> {
  try {
    await ping(url, Date.now() + timeoutMs);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`No database answers at ${withoutPassword(url)}: ${reason}. Start it, or unset MONGO_URL`, {
      cause: error,
    });
  }
}

async function ping(url: string, until: number): Promise<void> {
  for (;;) {
    const leftMs = Math.max(1, until - Date.now());
    const failure = await command(url, leftMs, { ping: 1 }).then(
      () => undefined,
      error => error as Error,
    );
    if (!failure) return;
    if (!mayPass(failure) || Date.now() + askAgainAfterMs > until) throw failure;
    await new Promise(resolve => setTimeout(resolve, askAgainAfterMs));
  }
}

/** Errors of the address, or in the server's own answer, stay the same when asked again. */
function mayPass(error: Error): boolean {
  if (error instanceof MongoServerError) return whileItComesUp.has(Number(error.code));
  return error instanceof MongoNetworkError || hungUp.has(String((error as NodeJS.ErrnoException).code));
}

/** The driver passes some errors of a socket on as they are. */
const hungUp = new Set(['EPIPE', 'ECONNRESET']);
/** Not primary, recovering, interrupted by a change of state, shutting down. */
const whileItComesUp = new Set([91, 189, 10107, 11600, 11602, 13435, 13436]);

/** Runs one command on the admin database of the mongod at this port of this machine. */
export function admin(port: number, document: Document): Promise<Document> {
  return command(`mongodb://127.0.0.1:${port}/admin?directConnection=true`, 1_000, document);
}

async function command(url: string, timeoutMs: number, document: Document): Promise<Document> {
  const client = new MongoClient(url, {
    serverSelectionTimeoutMS: timeoutMs,
    connectTimeoutMS: timeoutMs,
    socketTimeoutMS: timeoutMs,
  });
  try {
    return await client.db().command(document);
  } finally {
    await client.close();
  }
}

/** However badly it was escaped: up to the last @. */
function withoutPassword(url: string): string {
  return url.replace(/\/\/([^:@/]+):.+@/s, '//$1:…@');
}
