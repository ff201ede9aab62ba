import { EJSON } from '../shared/ejson';

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
export class DocumentView {
  readonly existsIn = new Set<string>();
  private readonly claims = new Map<string, Claim[]>();

  fields(): Fields {
    return Object.fromEntries([...this.claims].map(([key, claims]) => [key, claims[0]!.value]));
  }

  /** @returns the change that the client has to be told, if any, in `changes` */
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

  /** Withdraws all that a subscription has said of the document. */
  clearAll(handle: string, changes: Fields): void {
    for (const key of [...this.claims.keys()]) this.clear(handle, key, changes);
  }
}
