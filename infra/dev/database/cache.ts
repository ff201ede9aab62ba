import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where fetched programs stay, outside the repository, so that a second clone finds them: `TANDEM_CACHE` names another. */
export function cacheFolder(): string {
  return process.env.TANDEM_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tandem');
}
