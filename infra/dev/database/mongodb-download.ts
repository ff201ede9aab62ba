import { homedir } from 'node:os';
import { join } from 'node:path';
import { MongoBinary } from 'mongodb-memory-server-core';
import { fetchWithin } from '../fetch-within';
import { type MongoSource, tried } from './mongod';

const lookTimeoutMs = 3_000;

export const downloadFolder = () => join(cacheFolder(), 'mongodb');
export const downloadVersion = () => process.env.MONGOMS_VERSION || '8.2.6';

/** MongoDB's own program for this platform, fetched, checked and shown by mongodb-memory-server-core. */
export const mongoDBsOwn: MongoSource = {
  name: "MongoDB's own download",
  async find() {
    const host = downloadHost();
    await look(host);
    const path = await download().catch(error => {
      throw new Error(`${host} answers, but gave no mongod for this platform: ${error.message}`, { cause: error });
    });
    return { mongod: await tried(path) };
  },
};

/** The library's retries take 7 s to say that a host is out of reach: so look before waiting. */
async function look(host: string): Promise<void> {
  // fetch knows no proxies and the library does: there only a try can tell.
  if (process.env.https_proxy || process.env.HTTPS_PROXY) return;
  try {
    await fetchWithin(lookTimeoutMs, host, { method: 'HEAD', redirect: 'manual' }, () => {});
  } catch (error) {
    throw new Error(
      `${host} can't be reached. Go online, or name a mirror: MONGOMS_DOWNLOAD_MIRROR=https://mirror.example`,
      { cause: error },
    );
  }
}

function download(): Promise<string> {
  // Without this the library would accept any certificate.
  process.env.npm_config_strict_ssl ??= 'true';
  return MongoBinary.getPath({ version: downloadVersion(), downloadDir: downloadFolder() });
}

function downloadHost(): string {
  return process.env.MONGOMS_DOWNLOAD_URL || process.env.MONGOMS_DOWNLOAD_MIRROR || 'https://fastdl.mongodb.org';
}

/** Where fetched programs stay, outside the repository, so that a second clone finds them: `TANDEM_CACHE` names another. */
export function cacheFolder(): string {
  return process.env.TANDEM_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tandem');
}
