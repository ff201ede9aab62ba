import type { Db } from 'mongodb';
import type { StoredFile } from '../../../infra/database';

/** A file in GridFS, as a document points to it. */
export type FileLink = Pick<StoredFile, 'id' | 'name' | 'size'>;

export interface Thumbnail extends FileLink {
  width: number;
  height: number;
}

/** A photo that a visitor uploaded. The task that makes its thumbnails has the same `_id`. */
export interface Picture {
  _id: string;
  owner: string;
  name: string;
  createdAt: Date;
  original: FileLink;
  /** In pixels, as the photo is held; set with the thumbnails. */
  width?: number;
  height?: number;
  /** Smallest first. */
  thumbnails?: Thumbnail[];
}

/** The name of the collection. */
export const picturesCollection = 'pictures';

/** Such as `2 pictures`; nothing where nobody uploaded one. */
export async function countPictures(db: Db, createdAt: { $gte: Date; $lt: Date }): Promise<string | undefined> {
  const count = await db.collection<Picture>(picturesCollection).countDocuments({ createdAt });
  return count === 0 ? undefined : `${count.toLocaleString('en')} picture${count === 1 ? '' : 's'}`;
}

/** The largest photo, in bytes. */
export const maxUploadBytes = 15 * 1024 * 1024;

/** How many pictures a visitor keeps: the oldest make room for new ones. */
export const maxPicturesKept = 24;
