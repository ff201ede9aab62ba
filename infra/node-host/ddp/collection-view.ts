import { EJSON } from '../shared/ejson';
import { DocumentView, type Fields } from './document-view';

/** Where a view says what the client has to be told. */
export interface Outlet {
  added(collection: string, id: string, fields: Fields): void;
  changed(collection: string, id: string, fields: Fields): void;
  removed(collection: string, id: string): void;
}

/** What one session sees of one collection: the merge box. Ids are in their DDP form. */
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

  /** Tells the client what is different from `before`, its earlier view of the same collection. */
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

/** The fields that turn one version of a document into another: undefined for those that are gone. */
export function difference(before: Fields, now: Fields): Fields {
  const changes: Fields = {};
  for (const key of Object.keys(before)) if (!Object.hasOwn(now, key)) changes[key] = undefined;
  for (const [key, value] of Object.entries(now)) {
    if (!Object.hasOwn(before, key) || !EJSON.equals(before[key], value)) changes[key] = value;
  }
  return changes;
}
