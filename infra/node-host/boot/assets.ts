import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve, sep } from 'node:path';

const folder = (): string => resolve(process.env.TANDEM_PRIVATE_DIR ?? 'private');

/** The global `Assets`: files of the folder `private/`, by their path in it. */
export const Assets = {
  /** @throws for a file that isn't there */
  absoluteFilePath(path: string): string {
    const absolute = resolve(folder(), path);
    if (!absolute.startsWith(folder() + sep) || !existsSync(absolute)) throw new Error(`Unknown asset: ${path}`);
    return absolute;
  },

  async getTextAsync(path: string): Promise<string> {
    return readFile(Assets.absoluteFilePath(path), 'utf8');
  },

  async getBinaryAsync(path: string): Promise<Uint8Array> {
    return new Uint8Array(await readFile(Assets.absoluteFilePath(path)));
  },
};
