import type { DdpMessage } from '../shared/ddp-message';

/** The store for the documents of one collection. */
export interface Store {
  /** @param reset all documents so far are gone */
  beginUpdate(writes: number, reset: boolean): void;
  /** @param message added, changed or removed */
  update(message: DdpMessage): void;
  endUpdate(): void;
}

/** Writes that go into all stores in one step, and the callbacks that wait for that. */
export class StoreWrites {
  private readonly stores = new Map<string, Store>();
  private writes = new Map<string, DdpMessage[]>();
  /** Data of collections that do not exist yet: kept until they do, as in Meteor. */
  private unclaimed = new Map<string, DdpMessage[]>();
  private callbacks: (() => void)[] = [];
  private resetStores = false;
  private hadSession = false;

  /** @returns false when the name is taken */
  register(name: string, store: Store): boolean {
    if (this.stores.has(name)) return false;
    this.stores.set(name, store);
    const earlier = this.unclaimed.get(name) ?? [];
    this.unclaimed.delete(name);
    store.beginUpdate(earlier.length, false);
    for (const message of earlier) store.update(message);
    store.endUpdate();
    return true;
  }

  /** A new session has begun: the next writes remove the data of earlier sessions. */
  startAfresh(afterwards: (() => void)[]): void {
    this.resetStores = this.hadSession;
    this.hadSession = true;
    this.writes = new Map();
    this.unclaimed = new Map();
    this.callbacks = afterwards;
  }

  add(message: DdpMessage): void {
    push(this.writes, message);
  }

  afterwards(callback: () => void): void {
    this.callbacks.push(callback);
  }

  perform(): void {
    const { writes, resetStores, callbacks } = this;
    this.writes = new Map();
    this.resetStores = false;
    this.callbacks = [];
    if (resetStores || writes.size > 0) this.write(writes, resetStores);
    for (const callback of callbacks) withoutHarm(callback);
  }

  private write(writes: Map<string, DdpMessage[]>, reset: boolean): void {
    for (const [name, store] of this.stores) store.beginUpdate(writes.get(name)?.length ?? 0, reset);
    for (const [name, messages] of writes) {
      const store = this.stores.get(name);
      for (const message of messages) {
        if (store) store.update(message);
        else push(this.unclaimed, message);
      }
    }
    for (const store of this.stores.values()) store.endUpdate();
  }
}

/** An app's callback that throws must not stop the others. */
function withoutHarm(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    console.error('Exception in a callback of DDP', error);
  }
}

function push(lists: Map<string, DdpMessage[]>, message: DdpMessage): void {
  const name = message.collection as string;
  const list = lists.get(name) ?? [];
  list.push(message);
  lists.set(name, list);
}
