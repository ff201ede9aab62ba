import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';

/** Where the browser's bundle is: main.js, main.css, main.html. */
export const clientFolder = (): string => resolve(process.env.TANDEM_CLIENT_DIR ?? '.local/build/client');

interface ClientFile {
  changedAt: number;
  text: string;
  hash: string;
}

const known = new Map<string, ClientFile>();

/** A file of the bundle, read again when it has changed: a new browser bundle needs no new server. */
export async function clientFile(name: string): Promise<ClientFile | undefined> {
  const path = resolve(clientFolder(), name);
  const found = await stat(path).catch(() => undefined);
  if (!found) return undefined;
  const cached = known.get(path);
  if (cached?.changedAt === found.mtimeMs) return cached;
  const text = await readFile(path, 'utf8');
  const file = { changedAt: found.mtimeMs, text, hash: createHash('sha1').update(text).digest('hex') };
  known.set(path, file);
  return file;
}
