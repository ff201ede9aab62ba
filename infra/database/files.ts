import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Collection, type Db, GridFSBucket, type GridFSFile } from 'mongodb';

/** The metadata of a file. */
export interface FileFacts {
  name: string;
  /** Its media type, for downloads. */
  type: string;
  /** Its owner: the visitor's id. */
  owner: string;
  /** Its purpose: `photo`, `thumbnail`, `report`. */
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
 * Files in GridFS, bucket `files`: the only way for files to travel between roles, which share no disk. A file never
 * changes under its id, and is complete or absent.
 */
export class FileStore {
  private readonly bucket: GridFSBucket;
  private readonly uploads: Collection<Upload>;

  constructor(private readonly db: Db) {
    this.bucket = new GridFSBucket(db, { bucketName });
    this.uploads = db.collection<Upload>(`${bucketName}.uploads`);
  }

  /** The indexes of GridFS. The driver creates them too, but once per process, and never if it only reads. */
  async ensureIndexes(): Promise<void> {
    await this.db.collection(`${bucketName}.files`).createIndex({ filename: 1, uploadDate: 1 });
    await this.db.collection(`${bucketName}.chunks`).createIndex({ files_id: 1, n: 1 }, { unique: true });
  }

  /**
   * Stores the data of the stream, as it comes.
   *
   * @throws the stream's or the database's error; nothing of the file is left then, or the sweep finds it.
   */
  async put(stream: Readable, facts: FileFacts): Promise<StoredFile> {
    const id = randomBytes(18).toString('base64url');
    // Written first, so that the partial file of a killed process can be found without reading every chunk.
    await this.uploads.insertOne({ _id: id, startedAt: new Date() });
    const { name, ...metadata } = facts;
    const upload = this.bucket.openUploadStreamWithId(id as never, name, { metadata: { ...metadata } });
    try {
      await pipeline(stream, upload);
    } catch (error) {
      // Its mark stays: the driver may have parts on their way, which come after this.
      await this.remove(id).catch(() => {});
      throw error;
    }
    await this.uploads.deleteOne({ _id: id });
    return { id, ...facts, size: upload.length, storedAt: upload.gridFSFile?.uploadDate ?? new Date() };
  }

  /** The file's bytes. @throws if there is no file with this id. */
  async open(id: string): Promise<Readable> {
    if (!(await this.info(id))) throw new Error(`file ${JSON.stringify(id)}: there is none of this id`);
    return this.bucket.openDownloadStream(id as never);
  }

  /** The metadata of a file; undefined if there is no file with this id. */
  async info(id: string): Promise<StoredFile | undefined> {
    if (typeof id !== 'string') return undefined;
    const found = await this.db.collection<GridFSFile>(`${bucketName}.files`).findOne({ _id: id as never });
    return found ? asStoredFile(found) : undefined;
  }

  /** Removes a file. A missing one is fine. */
  async remove(id: string): Promise<void> {
    // The driver drops undefined fields: every file would match.
    if (typeof id !== 'string') throw new TypeError(`file ${JSON.stringify(id)}: that is no id`);
    await this.db.collection(`${bucketName}.files`).deleteOne({ _id: id as never });
    await this.db.collection(`${bucketName}.chunks`).deleteMany({ files_id: id as never });
  }

  /**
   * Removes what is left of uploads that broke off or whose processes were killed in the middle.
   *
   * @param olderThanMs younger uploads may still be in progress.
   * @returns how many were found.
   */
  async sweep(olderThanMs = 6 * 3_600_000): Promise<number> {
    const left = await this.uploads.find({ startedAt: { $lt: new Date(Date.now() - olderThanMs) } }).toArray();
    for (const { _id } of left) {
      // The process may have been killed after the file was complete, and before its mark was removed.
      if (!(await this.info(_id))) await this.remove(_id);
      await this.uploads.deleteOne({ _id });
    }
    return left.length;
  }
}

function asStoredFile(file: GridFSFile): StoredFile {
  const { type = 'application/octet-stream', owner = '', kind = '' } = (file.metadata ?? {}) as Partial<FileFacts>;
  return { id: String(file._id), name: file.filename, type, owner, kind, size: file.length, storedAt: file.uploadDate };
}
