import { fetchedBefore } from './fetched-before';
import { mongoDBsOwn } from './mongodb-download';
import { mongodOfThisMachine } from './on-this-machine';
import { pythonWheel } from './python-wheel';
import { type Found, Refused, type Way } from './way';

const mongoUrl: Way = {
  name: 'MONGO_URL',
  async find() {
    if (process.env.MONGO_URL) return { url: process.env.MONGO_URL };
    throw new Error('is not set. Set it to a running one: MONGO_URL=mongodb://127.0.0.1:27017/tandem');
  },
};

/** Every way, in the order they are tried. */
export const ways: Way[] = [mongoUrl, mongodOfThisMachine, fetchedBefore, mongoDBsOwn, pythonWheel];

/**
 * The first way that works.
 *
 * @throws one error that names all the ways, why each did not work, and what to do.
 */
export async function findMongo(): Promise<Found> {
  const reasons: string[] = [];
  for (const way of ways) {
    try {
      return await way.find();
    } catch (error) {
      if (error instanceof Refused) throw error;
      reasons.push(`  - ${way.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw new Error(
    `No MongoDB was found, and none could be fetched. Any one of these ways will do:\n${reasons.join('\n')}`,
  );
}
