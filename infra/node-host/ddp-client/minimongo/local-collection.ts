import { update as applyModifier } from 'mingo/updater';
import { EJSON } from '../../shared/ejson';
import { MongoID, type ObjectID } from '../../shared/object-id';
import { Cursor, type FindOptions } from './cursor';
import { type Changes, keyOf } from './diff';
import { LiveQuery, type Plan, type Source } from './live-query';
import { compileSelector, type Document, idIn, insertedByUpsert, isReplacement, type Selector } from './selector';

export interface UpdateOptions {
  /** Updates all matches, not only the first. */
  multi?: boolean;
  /** Inserts if nothing matches. */
  upsert?: boolean;
}

export type Modifier = Record<string, unknown>;

/** Documents in memory, with live queries: Meteor's minimongo on the query language of the npm package `mingo`. */
export class LocalCollection implements Source {
  private readonly documents = new Map<string, Document>();
  private readonly queries = new Set<LiveQuery>();
  /** Documents as they were when the present batch began. */
  private touched = new Map<string, Document | undefined>();
  private batches = 0;
  private announcements: (() => void)[] = [];
  private announcing = false;

  /** @param makeId for documents that come without `_id` */
  constructor(private readonly makeId: () => string | ObjectID) {}

  find(selector: Selector, options: FindOptions = {}): Cursor {
    return new Cursor(this, selector, options);
  }

  all(): Iterable<Document> {
    return this.documents.values();
  }

  get(key: string): Document | undefined {
    return this.documents.get(key);
  }

  /** @throws when the `_id` is there already */
  insert(document: Record<string, unknown>): unknown {
    const own = EJSON.clone({ ...document, _id: document._id ?? this.makeId() }) as Document;
    if (this.documents.has(keyOf(own))) throw new Error(`Duplicate _id '${own._id}'`);
    this.batch(() => this.put(own));
    return own._id;
  }

  /** @returns how many documents matched, and the `_id` if an upsert inserted */
  update(selector: Selector, modifier: Modifier, options: UpdateOptions = {}) {
    const matching = this.matching(selector).slice(0, options.multi ? undefined : 1);
    this.batch(() => {
      for (const document of matching) this.put(modified(document, selector, modifier));
    });
    if (matching.length > 0 || !options.upsert) return { numberAffected: matching.length };
    return { numberAffected: 1, insertedId: this.insert(insertedByUpsert(selector, modifier)) };
  }

  /** @returns how many documents were removed */
  remove(selector: Selector): number {
    const matching = this.matching(selector);
    this.batch(() => {
      for (const document of matching) this.take(keyOf(document));
    });
    return matching.length;
  }

  /** Several writes that live queries see as one. */
  batch(write: () => void): void {
    this.beginBatch();
    try {
      write();
    } finally {
      this.endBatch();
    }
  }

  beginBatch(): void {
    this.batches += 1;
  }

  endBatch(): void {
    this.batches -= 1;
    if (this.batches > 0) return;
    const touched = this.touched;
    this.touched = new Map();
    for (const query of this.queries) this.refresh(query, touched);
    this.announce();
  }

  /** Inside a batch: writes a document that the collection owns from now on. */
  put(document: Document): void {
    const key = keyOf(document);
    this.touch(key);
    const before = this.touched.get(key);
    // An equal document stays the same object, so that it does not count as a change.
    this.documents.set(key, before && EJSON.equals(before, document) ? before : document);
  }

  /** Inside a batch. */
  take(key: string): void {
    this.touch(key);
    this.documents.delete(key);
  }

  /** Inside a batch: removes all documents. */
  clear(): void {
    for (const key of [...this.documents.keys()]) this.take(key);
  }

  observe(plan: Plan, changes: Changes): { query: LiveQuery; stop: () => void } {
    const query = new LiveQuery(plan, this.all(), changes);
    this.queries.add(query);
    return { query, stop: () => this.queries.delete(query) };
  }

  private matching(selector: Selector): Document[] {
    const matches = compileSelector(selector);
    const id = idIn(selector);
    const candidates = id === undefined ? [...this.all()] : [this.documents.get(MongoID.idStringify(id))];
    return candidates.filter(document => document !== undefined).filter(matches);
  }

  private touch(key: string): void {
    if (!this.touched.has(key)) this.touched.set(key, this.documents.get(key));
  }

  private refresh(query: LiveQuery, touched: Map<string, Document | undefined>): void {
    const isAffected = [...touched].some(([key, before]) => query.isAffectedBy([before, this.documents.get(key)]));
    const tell = isAffected && query.refresh(this.all());
    if (tell) this.announcements.push(() => this.queries.has(query) && tell());
  }

  /** Reports in order, also if a callback writes into this collection. */
  private announce(): void {
    if (this.announcing) return;
    this.announcing = true;
    try {
      for (let tell = this.announcements.shift(); tell; tell = this.announcements.shift()) tell();
    } finally {
      this.announcing = false;
    }
  }
}

function modified(document: Document, selector: Selector, modifier: Modifier): Document {
  const copy = EJSON.clone(document);
  if (isReplacement(modifier)) return { ...EJSON.clone(modifier), _id: copy._id };
  const condition = typeof selector === 'object' && selector !== null && idIn(selector) === undefined ? selector : {};
  applyModifier(copy, EJSON.clone(modifier), [], condition as never);
  if (!EJSON.equals(copy._id, document._id)) throw new Error(`update: the _id of '${document._id}' cannot be changed`);
  return copy;
}
