import { randomBytes } from 'node:crypto';
import type { Collection, Db, Filter } from 'mongodb';
import { clip, messageOf } from '../errors/plain-error';
import type { Operator } from './operators';

/** What an operator did, or somebody tried: kept for `console.auditDays`. */
export interface AuditRecord {
  _id: string;
  /** By this machine's clock. */
  at: Date;
  /** Absent where nobody has logged in yet. */
  by?: Operator;
  address?: string;
  /** Such as `retry`. */
  action: string;
  /** Such as `taskId`, and which. */
  target?: Record<string, string>;
  /** How many things it was about, or how many tries it stands for. */
  count: number;
  /** `begun`: its end could not be recorded, since the process or its database was away. */
  outcome: 'begun' | 'done' | 'failed' | 'refused';
  /** Why it failed or was refused. */
  why?: string;
}

type NewRecord = Omit<AuditRecord, '_id' | 'at' | 'count'> & { count?: number };
type Stored = AuditRecord & { expiresAt: Date };
export type AuditPosition = Pick<AuditRecord, 'at' | '_id'>;

const day = 86_400_000;
const onePage = 200;
const maxTimeMS = 5_000;
const longestWhy = 1_000;

/** The record of who did what on the console. */
export class Audit {
  private readonly collection: Collection<Stored>;

  constructor(
    db: Db,
    private readonly days: number,
  ) {
    this.collection = db.collection('operatorActions');
  }

  async ensureIndexes(): Promise<void> {
    await this.collection.createIndexes([
      { name: 'newest', key: { at: -1, _id: -1 } },
      { name: 'retention', key: { expiresAt: 1 }, expireAfterSeconds: 0 },
    ]);
  }

  /** Records something that is over. @returns its id. @throws where it can't be recorded. */
  async add(record: NewRecord): Promise<string> {
    const _id = randomBytes(12).toString('hex');
    const at = new Date();
    const { why } = record;
    const expiresAt = new Date(at.getTime() + this.days * day);
    await this.collection.insertOne({
      count: 1,
      ...record,
      ...(why && { why: clip(why, longestWhy) }),
      _id,
      at,
      expiresAt,
    });
    return _id;
  }

  /**
   * Records that something begins. @returns what does it, and records how it ends. @throws where it can't be recorded: then
   * it is not to be done.
   */
  async begin(record: Omit<NewRecord, 'outcome' | 'why'>): Promise<<T>(act: () => Promise<T>) => Promise<T>> {
    const id = await this.add({ ...record, outcome: 'begun' });
    return async act => {
      try {
        const result = await act();
        await this.end(id, 'done').catch(() => {});
        return result;
      } catch (error) {
        await this.end(id, 'failed', messageOf(error)).catch(() => {});
        throw error;
      }
    };
  }

  /** How something that had begun has ended. */
  async end(_id: string, outcome: 'done' | 'failed', why?: string): Promise<void> {
    const end = { outcome, ...(why !== undefined && { why: clip(why, longestWhy) }) };
    await this.collection.updateOne({ _id }, { $set: end });
  }

  /**
   * The newest 200.
   *
   * @param before `next` of the page before.
   * @returns `next` where there are more.
   */
  async list(before?: AuditPosition): Promise<{ records: AuditRecord[]; next?: AuditPosition }> {
    const filter: Filter<Stored> = before
      ? { at: { $lte: before.at }, $or: [{ at: { $lt: before.at } }, { _id: { $lt: before._id } }] }
      : {};
    const found = await this.collection
      .find(filter, { projection: { expiresAt: 0 } })
      .sort({ at: -1, _id: -1 })
      .limit(onePage + 1)
      .maxTimeMS(maxTimeMS)
      .toArray();
    const records = found.slice(0, onePage);
    const last = records.at(-1);
    return { records, ...(last && found.length > onePage && { next: { at: last.at, _id: last._id } }) };
  }
}
