import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { tried } from './mongod';
import { Refused, type Way } from './way';

const program = process.platform === 'win32' ? 'mongod.exe' : 'mongod';

/** A `mongod` that `MONGOMS_SYSTEM_BINARY` names, or else one on PATH. */
export const mongodOfThisMachine: Way = {
  name: 'mongod on PATH',
  async find() {
    const named = process.env.MONGOMS_SYSTEM_BINARY;
    if (named) return { mongod: await tried(named).catch(refuse) };
    const path = await onPath();
    if (path) return { mongod: await tried(path) };
    throw new Error(
      'there is none. Install MongoDB (https://www.mongodb.com/docs/manual/installation), or name its program: MONGOMS_SYSTEM_BINARY=/path/to/mongod',
    );
  },
};

function refuse(error: Error): never {
  throw new Refused(`MONGOMS_SYSTEM_BINARY: ${error.message}`, { cause: error });
}

async function onPath(): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    const path = join(folder, program);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
