import { isDeepStrictEqual } from 'node:util';
import { Meteor, type Subscription } from 'meteor/meteor';
import type { Emit } from '../monitor/events';
import { type ConsoleState, consoleCollections, statePublication } from './contract';
import { refuseStrangers } from './methods';
import type { MayOperate } from './sessions';

const lookEveryMs = 1_000;

type Send = Pick<Subscription, 'added' | 'changed' | 'removed'>;
type Document = { _id: string } & Record<string, unknown>;

/** Publishes the console's state. One look a second serves all operators, and nobody looks while none is there. */
export class ConsolePublication {
  private readonly viewers = new Set<Viewer>();
  private timer?: NodeJS.Timeout;
  private last?: ConsoleState;
  private failing = false;

  constructor(
    private readonly look: () => Promise<ConsoleState>,
    private readonly mayOperate: MayOperate,
    private readonly emit: Emit,
  ) {}

  publish(): void {
    const { mayOperate } = this;
    const join = (subscription: Subscription) => this.join(subscription);
    Meteor.publish(statePublication, async function () {
      await refuseStrangers(this.userId, mayOperate);
      await join(this);
      this.ready();
    });
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.viewers.clear();
  }

  private async join(subscription: Subscription): Promise<void> {
    const viewer = new Viewer(subscription, this.mayOperate);
    viewer.show(this.viewers.size > 0 && this.last ? this.last : await this.look());
    this.viewers.add(viewer);
    subscription.onStop(() => this.leave(viewer));
    this.timer ??= this.later();
  }

  private leave(viewer: Viewer): void {
    this.viewers.delete(viewer);
    if (this.viewers.size > 0) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.last = undefined;
  }

  private later(): NodeJS.Timeout {
    const timer = setTimeout(() => void this.round(timer), lookEveryMs);
    timer.unref();
    return timer;
  }

  /** A look that fails is followed by the next one: the console is wanted most when something is wrong. */
  private async round(timer: NodeJS.Timeout): Promise<void> {
    await this.lookForAll().then(
      () => this.succeeded(),
      error => this.failed(error),
    );
    if (this.timer === timer) this.timer = this.viewers.size > 0 ? this.later() : undefined;
  }

  private async lookForAll(): Promise<void> {
    this.last = await this.look();
    for (const viewer of this.viewers) {
      if (await viewer.isAllowed()) viewer.show(this.last);
      else viewer.close();
    }
  }

  private succeeded(): void {
    this.failing = false;
  }

  /** Said once per time of trouble. */
  private failed(error: unknown): void {
    if (!this.failing) this.emit('console.lookFailed', { error });
    this.failing = true;
  }
}

/** What one subscription has been sent, so that only differences follow. */
class Viewer {
  private readonly sent = new Map<string, Map<string, Document>>();

  constructor(
    private readonly subscription: Subscription,
    private readonly mayOperate: MayOperate,
  ) {}

  isAllowed(): Promise<boolean> {
    return this.mayOperate(this.subscription.userId);
  }

  close(): void {
    this.subscription.error(new Meteor.Error('not-authorized', 'The session has ended.'));
  }

  show(state: ConsoleState): void {
    for (const name of consoleCollections) this.showCollection(name, state[name] as unknown as Document[]);
  }

  private showCollection(name: string, documents: Document[]): void {
    const before = this.sent.get(name) ?? new Map<string, Document>();
    const after = new Map(documents.map(document => [document._id, document]));
    for (const [id, document] of after) showDocument(this.subscription, name, before.get(id), document);
    for (const id of before.keys()) if (!after.has(id)) this.subscription.removed(name, id);
    this.sent.set(name, after);
  }
}

function showDocument(to: Send, name: string, before: Document | undefined, { _id, ...fields }: Document): void {
  if (!before) {
    to.added(name, _id, fields);
    return;
  }
  const gone = Object.keys(before).filter(field => field !== '_id' && !(field in fields));
  const changed = Object.entries(fields).filter(([field, value]) => !isDeepStrictEqual(value, before[field]));
  if (gone.length + changed.length === 0) return;
  to.changed(name, _id, Object.fromEntries([...changed, ...gone.map(field => [field, undefined])]));
}
