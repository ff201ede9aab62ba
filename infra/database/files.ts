import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Collection, type Db, GridFSBucket, type GridFSFile } from 'mongodb';

/** The facts that are stored with a file. */
export interface FileFacts {
  name: string;
  /** Its media type, as downloads will say it. */
  type: string;
  /** Whose it is: the visitor's id. */
  owner: string;
  /** What it is for: `photo`, `thumbnail`, `report`. */
  kind: string;
}

export interface StoredFile extends FileFacts {
  id: string;
  /** In bytes. */
  size: number;
  storedAt: Date;
}

interface Upload {
  _id: string;
  startedAt: Date;
}

const bucketName = 'files';

/**
 * Files in GridFS, bucket `files`: the only way by which they travel between roles, which share no disk. A file never
 * changes under its id; one is there whole or not at all.
 */
export class FileStore {
  private readonly bucket: GridFSBucket;
  private readonly uploads: Collection<Upload>;

  constructor(private readonly db: Db) {
    this.bucket = new GridFSBucket(db, { bucketName });
    this.uploads = db.collection<Upload>(`${bucketName}.uploads`);
  }

  /** The indexes of GridFS. The driver makes them too, but once per process, and never where it only reads. */
  async ensureIndexes(): Promise<void> {
    await this.db.collection(`${bucketName}.files`).createIndex({ filename: 1, uploadDate: 1 });
    await this.db.collection(`${bucketName}.chunks`).createIndex({ files_id: 1, n: 1 }, { unique: true });
  }

  /**
   * Stores what the stream gives, as it comes.
   *
   * @throws the stream's or the database's error; nothing of the file is left then.
   */
  async put(stream: Readable, facts: FileFacts): Promise<StoredFile> {
    const id = randomBytes(18).toString('base64url');
    // Written first, so that what a killed process leaves behind can be found without reading every chunk.
    await this.uploads.insertOne({ _id: id, startedAt: new Date() });
    const { name, ...metadata } = facts;
    const upload = this.bucket.openUploadStreamWithId(id as never, name, { metadata: { ...metadata } });
    try {
      await pipeline(stream, upload);
    } catch (error) {
      await this.discard(id).catch(() => {});
      throw error;
    }
    await this.uploads.deleteOne({ _id: id });
    return { id, ...facts, size: upload.length, storedAt: upload.gridFSFile?.uploadDate ?? new Date() };
  }

  /** The file's bytes. @throws where there is none of this id. */
  async open(id: string): Promise<Readable> {
    if (!(await this.info(id))) throw new Error(`file ${JSON.stringify(id)}: there is none of this id`);
    return this.bucket.openDownloadStream(id as never);
  }

  /** What is known of a file, or undefined where there is none of this id. */
  async info(id: string): Promise<StoredFile | undefined> {
    if (typeof id !== 'string') return undefined;
    const found = await this.db.collection<GridFSFile>(`${bucketName}.files`).findOne({ _id: id as never });
    return found ? asStoredFile(found) : undefined;
  }

  /** Removes a file. One that is not there is fine. */
  async remove(id: string): Promise<void> {
    // The driver leaves out what is undefined: every file would match.
    if (typeof id !== 'string') throw new TypeError(`file ${JSON.stringify(id)}: that is no id`);
    await this.db.collection(`${bucketName}.files`).deleteOne({ _id: id as never });
    await this.db.collection(`${bucketName}.chunks`).deleteMany({ files_id: id as never });
  }

  /**
   * Removes what processes that were killed in the middle of an upload have left behind.
   *
   * @param olderThanMs younger uploads may still be under way.
   * @returns how many were found.
   */
  async sweep(olderThanMs = 6 * 3_600_000): Promise<number> {
    const left = await this.uploads.find({ startedAt: { $lt: new Date(Date.now() - olderThanMs) } }).toArray();
    for (const { _id } of left) {
      // The process may have been killed after the file was whole, before its mark was gone.
      if (await this.info(_id)) await this.uploads.deleteOne({ _id });
      else await this.discard(_id);
    }
    return left.length;
  }

  private async discard(id: string): Promise<void> {
    await this.remove(id);
    await this.uploads.deleteOne({ _id: id });
  }
}

function asStoredFile(file: GridFSFile): StoredFile {
  const { type = 'application/octet-stream', owner = '', kind = '' } = (file.metadata ?? {}) as Partial<FileFacts>;
  return { id: String(file._id), name: file.filename, type, owner, kind, size: file.length, storedAt: file.uploadDate };
}
