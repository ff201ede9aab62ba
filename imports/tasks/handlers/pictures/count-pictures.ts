import type { Db } from 'mongodb';
import { type Picture, picturesCollection } from '../../pictures/documents';

/** Such as `2 pictures`; nothing where nobody uploaded one. */
export async function countPictures(db: Db, createdAt: { $gte: Date; $lt: Date }): Promise<string | undefined> {
  const count = await db.collection<Picture>(picturesCollection).countDocuments({ createdAt });
  return count === 0 ? undefined : `${count.toLocaleString('en')} picture${count === 1 ? '' : 's'}`;
}
