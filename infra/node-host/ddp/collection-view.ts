import { EJSON } from '../shared/ejson';

/** Gets the messages of a view for its client. */
export interface Outlet {
  added(collection: string, id: string, fields: Fields): void;
  changed(collection: string, id: string, fields: Fields): void;
  removed(collection: string, id: string): void;
}

/** One session's view of one collection: the merge box. Ids are in their DDP form. */
export class CollectionView {
  readonly documents = new Map<string, DocumentView>();

  constructor(
    private readonly name: string,
    private readonly outlet: Outlet,
  ) {}

  get isEmpty(): boolean {
    return this.documents.size === 0;
  }

  added(handle: string, id: string, fields: Fields): void {
    const known = this.documents.get(id);
    const view = known ?? new DocumentView();
    this.documents.set(id, view);
    view.existsIn.add(handle);
    const changes: Fields = {};
    for (const [key, value] of Object.entries(fields)) view.set(handle, key, value, changes, true);
    if (known) this.outlet.changed(this.name, id, changes);
    else this.outlet.added(this.name, id, changes);
  }

  changed(handle: string, id: string, fields: Fields): void {
    const view = this.documents.get(id);
    if (!view) throw new Error(`Could not find element with id ${id} to change`);
    const changes: Fields = {};
    for (const [key, value] of Object.entries(fields)) {
      if (value === undefined) view.clear(handle, key, changes);
      else view.set(handle, key, value, changes);
    }
    this.outlet.changed(this.name, id, changes);
  }

  removed(handle: string, id: string): void {
    const view = this.documents.get(id);
    if (!view) throw new Error(`Removed nonexistent document ${id}`);
    view.existsIn.delete(handle);
    if (view.existsIn.size > 0) {
      const changes: Fields = {};
      view.clearAll(handle, changes);
      this.outlet.changed(this.name, id, changes);
      return;
    }
    this.documents.delete(id);
    this.outlet.removed(this.name, id);
  }

  /** Sends the client the difference from `before`, its earlier view of the same collection. */
  tellDifference(before: CollectionView): void {
    for (const [id, view] of before.documents) {
      const now = this.documents.get(id);
      if (now) this.outlet.changed(this.name, id, difference(view.fields(), now.fields()));
      else this.outlet.removed(this.name, id);
    }
    for (const [id, view] of this.documents) {
      if (!before.documents.has(id)) this.outlet.added(this.name, id, view.fields());
    }
  }
}

/** The fields that turn one version of a document into another; undefined for those that are gone. */
export function difference(before: Fields, now: Fields): Fields {
  const changes: Fields = {};
  for (const key of Object.keys(before)) if (!Object.hasOwn(now, key)) changes[key] = undefined;
  for (const [key, value] of Object.entries(now)) {
    if (!Object.hasOwn(before, key) || !EJSON.equals(before[key], value)) changes[key] = value;
  }
  return changes;
}

/** Fields that differ; undefined for one that is gone. */
export type Fields = Record<string, unknown>;

interface Claim {
  handle: string;
  value: unknown;
}

/**
 * One document as one session sees it, merged from all its subscriptions. Where several of them publish a field, the
 * one that came first decides its value; when that one goes, the next one's value comes through.
 */
class DocumentView {
  readonly existsIn = new Set<string>();
  private readonly claims = new Map<string, Claim[]>();

  fields(): Fields {
    return Object.fromEntries([...this.claims].map(([key, claims]) => [key, claims[0]!.value]));
  }

  /** @returns the change for the client, if any, in `changes` */
  set(handle: string, key: string, given: unknown, changes: Fields, isAdd = false): void {
    if (key === '_id') return;
    const value = EJSON.clone(given);
    const claims = this.claims.get(key);
    if (!claims) {
      this.claims.set(key, [{ handle, value }]);
      changes[key] = value;
      return;
    }
    const own = isAdd ? undefined : claims.find(claim => claim.handle === handle);
    if (!own) {
      claims.push({ handle, value });
      return;
    }
    if (own === claims[0] && !EJSON.equals(value, own.value)) changes[key] = value;
    own.value = value;
  }

  clear(handle: string, key: string, changes: Fields): void {
    const claims = this.claims.get(key);
    const index = claims?.findIndex(claim => claim.handle === handle) ?? -1;
    if (key === '_id' || !claims || index < 0) return;
    const [removed] = claims.splice(index, 1);
    const [heir] = claims;
    if (!heir) {
      this.claims.delete(key);
      changes[key] = undefined;
    } else if (index === 0 && removed!.value !== undefined && !EJSON.equals(removed!.value, heir.value)) {
      changes[key] = heir.value;
    }
  }

  /** Withdraws all fields that a subscription has published of the document. */
  clearAll(handle: string, changes: Fields): void {
    for (const key of [...this.claims.keys()]) this.clear(handle, key, changes);
  }
}
