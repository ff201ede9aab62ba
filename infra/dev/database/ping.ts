import { type Document, MongoClient } from 'mongodb';

/**
 * Resolves when the MongoDB at `url` answers and takes commands.
 *
 * @throws one line with the address (its password hidden), the reason and what to do.
 */
export async function answers(url: string, timeoutMs = 5_000): Promise<void> {
  try {
    await command(url, timeoutMs, { ping: 1 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`No database answers at ${withoutPassword(url)}: ${reason}. Start it, or unset MONGO_URL`, {
      cause: error,
    });
  }
}

/** Runs one command on the admin database of the mongod at this port of this machine. */
export function admin(port: number, document: Document): Promise<Document> {
  return command(`mongodb://127.0.0.1:${port}/admin?directConnection=true`, 1_000, document);
}

async function command(url: string, timeoutMs: number, document: Document): Promise<Document> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: timeoutMs, connectTimeoutMS: timeoutMs });
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
