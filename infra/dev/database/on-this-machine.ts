import { onPath } from '../on-path';
import { tried } from './mongod';
import { Refused, type Way } from './way';

const program = process.platform === 'win32' ? 'mongod.exe' : 'mongod';

/** A `mongod` that `MONGOMS_SYSTEM_BINARY` names, or else one on PATH. */
export const mongodOfThisMachine: Way = {
  name: 'mongod on PATH',
  async find() {
    const named = process.env.MONGOMS_SYSTEM_BINARY;
    if (named) return { mongod: await tried(named).catch(refuse) };
    const path = onPath([program]);
    if (path) return { mongod: await tried(path) };
    throw new Error(
      'there is none. Install MongoDB (https://www.mongodb.com/docs/manual/installation), or name its program: MONGOMS_SYSTEM_BINARY=/path/to/mongod',
    );
  },
};

function refuse(error: Error): never {
  throw new Refused(`MONGOMS_SYSTEM_BINARY: ${error.message}`, { cause: error });
}
