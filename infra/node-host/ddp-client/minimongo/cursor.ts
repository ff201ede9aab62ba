import type { Transform } from '../../shared/collection';
import { EJSON } from '../../shared/ejson';
import { Tracker } from '../../tracker/tracker';
import type { Changes } from './diff';
import {
  type ChangeObserver,
  changesFor,
  type DocumentObserver,
  documentChangesFor,
  type Plan,
  run,
  type Source,
} from './live-query';
import {
  compileFields,
  compileSelector,
  compileSort,
  type Document,
  type Fields,
  type Selector,
  type Sort,
} from './selector';

export interface FindOptions {
  sort?: Sort;
  skip?: number;
  /** 0 or nothing: all. */
  limit?: number;
  fields?: Fields;
  /** The same as `fields`. */
  projection?: Fields;
  /** false: reading in a computation does not make it depend. */
  reactive?: boolean;
  transform?: Transform;
}

/** Options that only a server's database uses. */
const serverOptions = ['pollingIntervalMs', 'pollingThrottleMs', 'disableOplog', 'hint', 'maxTimeMs', 'readPreference'];
const knownOptions = ['sort', 'skip', 'limit', 'fields', 'projection', 'reactive', 'transform', ...serverOptions];

export interface ObserveHandle {
  stop(): void;
  readonly isReady: true;
  readonly isReadyPromise: Promise<void>;
}

/** The documents that a selector finds. A computation that reads them depends on them. */
export class Cursor {
  private readonly plan: Plan;
  private readonly reactive: boolean;
  /** What readers get: a copy, in the form of the transform. A computation does not depend on what that reads. */
  private readonly show: (document: Document) => Document;

  constructor(
    private readonly source: Source,
    selector: Selector,
    options: FindOptions,
  ) {
    checkOptions(options);
    this.plan = compile(selector, options);
    this.reactive = options.reactive ?? true;
    const { transform } = options;
    this.show = document => {
      const copy = EJSON.clone(document);
      return transform ? Tracker.nonreactive(() => transform(copy) as Document) : copy;
    };
  }

  fetch(): Document[] {
    return this.read().map(this.show);
  }

  forEach(callback: (document: Document, index: number, cursor: Cursor) => void, thisArg?: unknown): void {
    for (const [index, document] of this.fetch().entries()) callback.call(thisArg, document, index, this);
  }

  map<T>(callback: (document: Document, index: number, cursor: Cursor) => T, thisArg?: unknown): T[] {
    return this.fetch().map((document, index) => callback.call(thisArg, document, index, this));
  }

  /** The number of documents; a computation that reads it does not depend on their fields. */
  count(): number {
    return this.read({ changed: () => {}, moved: () => {} }).length;
  }

  fetchAsync = async (): Promise<Document[]> => this.fetch();
  countAsync = async (): Promise<number> => this.count();

  /** One after the other, each awaited. */
  async forEachAsync(callback: (document: Document, index: number, cursor: Cursor) => unknown): Promise<void> {
    for (const [index, document] of this.fetch().entries()) await callback(document, index, this);
  }

  mapAsync<T>(callback: (document: Document, index: number, cursor: Cursor) => T | Promise<T>): Promise<T[]> {
    return Promise.all(this.map(callback));
  }

  [Symbol.iterator](): Iterator<Document> {
    return this.fetch()[Symbol.iterator]();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Document> {
    yield* this.fetch();
  }

  /** Whole documents, in the form of the transform, now and as they change, until `stop` or the end of the computation it is called in. */
  observe(observer: DocumentObserver): ObserveHandle {
    return this.live(documentChangesFor(observer, this.show), observer._suppress_initial);
  }

  /** Changed fields as they are in the collection, likewise. */
  observeChanges(observer: ChangeObserver): ObserveHandle {
    return this.live(changesFor(observer), observer._suppress_initial);
  }

  observeAsync = async (observer: DocumentObserver): Promise<ObserveHandle> => this.observe(observer);
  observeChangesAsync = async (observer: ChangeObserver): Promise<ObserveHandle> => this.observeChanges(observer);

  private live(changes: Changes & { begin?(documents: readonly Document[]): void }, suppressInitial = false) {
    const { query, stop } = this.source.observe(this.plan, changes);
    const initial = [...query.documents];
    if (suppressInitial) changes.begin?.(initial);
    else for (const document of initial) changes.added(document, null);
    if (this.reactive && Tracker.active) Tracker.onInvalidate(stop);
    return { stop, isReady: true as const, isReadyPromise: Promise.resolve() };
  }

  /** The present documents; a computation that reads them depends on all changes but those in `except`. */
  private read(except: Partial<Changes> = {}): readonly Document[] {
    if (!this.reactive || !Tracker.active) return run(this.plan, this.source.all());
    const dependency = new Tracker.Dependency();
    dependency.depend();
    const changed = () => dependency.changed();
    const changes = { added: changed, changed, moved: changed, removed: changed, ...except };
    const { query, stop } = this.source.observe(this.plan, changes);
    Tracker.onInvalidate(stop);
    return query.documents;
  }
}

function compile(selector: Selector, options: FindOptions): Plan {
  const sort = compileSort(options.sort);
  const { skip = 0, limit } = options;
  const end = limit ? skip + limit : undefined;
  return {
    matches: compileSelector(selector),
    arrange: documents => sort(documents).slice(skip, end),
    project: compileFields(options.fields ?? options.projection),
  };
}

function checkOptions(options: FindOptions): void {
  for (const name of Object.keys(options)) {
    if (!knownOptions.includes(name)) {
      throw new Error(`find: option "${name}" is not part of the Node host (see infra/node-host/README.md)`);
    }
  }
}
