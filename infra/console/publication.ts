import { isDeepStrictEqual } from 'node:util';
import { check } from 'meteor/check';
import { Meteor, type Subscription } from 'meteor/meteor';
import { messageOf } from '../errors/plain-error';
import type { Emit } from '../monitor/events';
import {
  type ConsoleState,
  operatorCollection,
  rowCollection,
  statePublication,
  viewCollection,
  viewKey,
  viewPublication,
} from './contract';
import { operatorOnly, refuseLowerRole } from './methods';
import type { FindOperator, Operator } from './operators';
import type { ConsoleViews, ViewName } from './views';
import type { View, ViewResult } from './views/view';

const lookEveryMs = 1_000;

type Send = Pick<Subscription, 'added' | 'changed' | 'removed'>;
type Document = { _id: string } & Record<string, unknown>;

/** Documents by collection, as they are looked up for everybody who looks at the same. */
export type Looked = Record<string, Document[]>;

/** A live look: one a second serves all who look at the same, and nobody looks while none is there. */
export class LiveLook {
  private readonly viewers = new Set<Viewer>();
  private timer?: NodeJS.Timeout;
  private last?: Looked;
  private failing = false;

  constructor(
    private readonly look: () => Promise<Looked>,
    private readonly findOperator: FindOperator,
    private readonly emit: Emit,
  ) {}

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.viewers.clear();
  }

  get isIdle(): boolean {
    return this.viewers.size === 0;
  }

  /** @param onLeft called when the subscription has ended. */
  async join(subscription: Subscription, operator: Operator, onLeft: () => void = () => {}): Promise<void> {
    const viewer = new Viewer(subscription, this.findOperator);
    // What others still see of a time before the trouble is no answer to who asks now.
    const isKnown = this.viewers.size > 0 && !this.failing;
    viewer.show((isKnown && this.last) || (await this.look()), operator);
    this.viewers.add(viewer);
    subscription.onStop(() => {
      this.leave(viewer);
      onLeft();
    });
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
    this.last = await this.lookOrSayStale();
    const failures: unknown[] = [];
    for (const viewer of this.viewers) {
      // The app judges its operators: where it fails for one of them, the others see on.
      await viewer.follow(this.last).catch(error => {
        viewer.showStale();
        failures.push(error);
      });
    }
    if (failures.length > 0) throw failures[0];
  }

  private async lookOrSayStale(): Promise<Looked> {
    try {
      return await this.look();
    } catch (error) {
      for (const viewer of this.viewers) viewer.showStale();
      throw error;
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

/** Publishes the console's state, and each page's own view as long as somebody has it open. */
export class ConsolePublication {
  private readonly state: LiveLook;
  private readonly looks = new Map<string, LiveLook>();

  constructor(
    look: () => Promise<ConsoleState>,
    private readonly views: ConsoleViews,
    private readonly findOperator: FindOperator,
    private readonly emit: Emit,
  ) {
    this.state = new LiveLook(async () => ({ ...(await look()) }) as unknown as Looked, findOperator, emit);
  }

  publish(): void {
    const { state, findOperator } = this;
    Meteor.publish(statePublication, async function () {
      await state.join(this, await operatorOnly(this.userId, findOperator));
      this.ready();
    });
    const join = (...given: Parameters<ConsolePublication['join']>) => this.join(...given);
    Meteor.publish(viewPublication, async function (name: unknown, params: unknown) {
      await join(this, await operatorOnly(this.userId, findOperator), name, params);
      this.ready();
    });
  }

  stop(): void {
    this.state.stop();
    for (const look of this.looks.values()) look.stop();
    this.looks.clear();
  }

  private async join(subscription: Subscription, operator: Operator, name: unknown, params: unknown): Promise<void> {
    check(name, String);
    check(params, Object);
    if (!Object.hasOwn(this.views, name as string)) throw new Meteor.Error(404, `There is no view "${name}".`);
    const view = this.views[name as ViewName] as View<unknown>;
    if (view.needs) refuseLowerRole(operator, view.needs, name as string);
    const key = viewKey(name as ViewName, params as object);
    if (key.length > longestKey) throw new Meteor.Error('too-long', 'The question is too long.');
    const parsed = parsedBy(view, params as Record<string, unknown>);
    const look =
      this.looks.get(key) ??
      new LiveLook(async () => asDocuments(key, await view.look(parsed)), this.findOperator, this.emit);
    this.looks.set(key, look);
    const left = () => look.isIdle && this.looks.get(key) === look && this.looks.delete(key);
    await look.join(subscription, operator, left).catch(error => {
      left();
      throw error instanceof Meteor.Error ? error : new Meteor.Error('failed', messageOf(error));
    });
  }
}

const longestKey = 2_000;

/** Operators may read what is wrong with their question. */
function parsedBy(view: View<unknown>, params: Record<string, unknown>): unknown {
  try {
    return view.parse(params);
  } catch (error) {
    throw new Meteor.Error('bad-question', messageOf(error));
  }
}

/** One document for the view and one for each row: of a hundred rows, those that change are sent. */
function asDocuments(key: string, { rows = [], ...fields }: ViewResult): Looked {
  const idOf = (row: { _id: string }) => `${key}\n${row._id}`;
  return {
    [viewCollection]: [{ ...fields, _id: key, rows: rows.map(idOf) }],
    [rowCollection]: rows.map(row => ({ ...row, _id: idOf(row), id: row._id })),
  };
}

/** What one subscription has been sent, so that only differences follow. */
class Viewer {
  private readonly sent = new Map<string, Map<string, Document>>();

  constructor(
    private readonly subscription: Subscription,
    private readonly findOperator: FindOperator,
  ) {}

  /** Shows what is new, as long as it is still an operator who looks. @throws where that can't be found out. */
  async follow(looked: Looked): Promise<void> {
    const operator = await this.findOperator(this.subscription.userId);
    if (operator) this.show(looked, operator);
    else this.subscription.error(new Meteor.Error('not-authorized', 'The session has ended.'));
  }

  show(looked: Looked, { name, role }: Operator): void {
    this.showCollection(operatorCollection, [{ _id: 'me', name, role }]);
    for (const [name, documents] of Object.entries(looked)) this.showCollection(name, documents);
  }

  /** What it shows stays, and is said to be of before. */
  showStale(): void {
    const me = this.sent.get(operatorCollection)?.get('me');
    if (me) this.showCollection(operatorCollection, [{ ...me, stale: true }]);
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
