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
