import type { Db } from 'mongodb';

/** What one query has cost the database. */
export interface Read {
  collection: string;
  docsExamined: number;
  keysExamined: number;
  returned: number;
  /** Such as `IXSCAN { lastAt: -1 }`. */
  plan: string;
}

/** What an action reads of this database, as MongoDB's profiler tells it. */
export async function readsOf(db: Db, action: () => Promise<unknown>): Promise<Read[]> {
  await db.command({ profile: 2, slowms: 0 });
  try {
    await action();
  } finally {
    await db.command({ profile: 0 });
  }
  const profile = db.collection('system.profile');
  const found = await profile.find({ op: { $in: ['query', 'command'] }, planSummary: { $exists: true } }).toArray();
  await profile.drop();
  return found
    .filter(({ ns }) => !String(ns).endsWith('system.profile'))
    .map(({ ns, docsExamined = 0, keysExamined = 0, nreturned = 0, planSummary }) => ({
      collection: String(ns).split('.').slice(1).join('.'),
      docsExamined,
      keysExamined,
      returned: nreturned,
      plan: planSummary,
    }));
}
