import type { Collection, Document, Filter } from 'mongodb';
import { show } from '../../errors/plain-error';
import { type ErrorGroup, type ErrorState, errorCollectionName, errorStates } from '../store/error-groups';
import { parseId } from './find-tasks';
import type { QueueCore } from './queue-core';

/** What a list shows of a group: all but its stack. */
export type ListedErrorGroup = Omit<ErrorGroup, 'stack'>;

export interface ErrorGroupQuery {
  /** Default: those that want a look, `open` and `cameBack`. */
  states?: readonly ErrorState[];
  taskType?: string;
  /** Default: 50; 200 at most. */
  limit?: number;
  /** `next` of the page before. */
  after?: ErrorGroupPosition;
}

export type ErrorGroupPosition = Pick<ErrorGroup, 'lastAt' | '_id'>;

const mostListed = 200;
const maxTimeMS = 5_000;

/** Errors as things: what has failed, since when and in which commits, and what people have made of it. */
export class ErrorGroupsApi {
  constructor(private readonly core: () => QueueCore) {}

  /**
   * The groups that were seen last come first.
   *
   * @returns `next` where there are more: give it as `after` of the next question.
   */
  async list(query: ErrorGroupQuery = {}): Promise<{ groups: ListedErrorGroup[]; next?: ErrorGroupPosition }> {
    const { limit = 50 } = query;
    const filter = filterOf(query);
    if (!Number.isInteger(limit) || limit < 1 || limit > mostListed)
      throw new RangeError(`limit: ${show(limit)} is not a whole number from 1 to ${mostListed}`);
    const found = await this.collection
      .find(filter, { projection: { stack: 0 } })
      .sort({ lastAt: -1, _id: -1 })
      .limit(limit + 1)
      .maxTimeMS(maxTimeMS)
      .toArray();
    const groups = found.slice(0, limit);
    const last = groups.at(-1);
    return { groups, ...(last && found.length > limit && { next: { lastAt: last.lastAt, _id: last._id } }) };
  }

  async read(fingerprint: string): Promise<ErrorGroup | undefined> {
    return (await this.collection.findOne({ _id: parseId(fingerprint, 'errors.read') }, { maxTimeMS })) ?? undefined;
  }

  /**
   * It is mended: in a commit, or in whatever is deployed next. From then on an occurrence in a commit in which it had
   * not been seen brings it back, and so does one in the commit that was named. Those of commits in which it had been
   * seen prove nothing: their processes may still run.
   *
   * @param commit which is free of it. Default: the one of this process, where it has not been seen in that.
   * @param by the person, for the record.
   * @returns whether there is such a group.
   */
  resolve(fingerprint: string, { commit, by }: { commit?: string; by?: string } = {}): Promise<boolean> {
    const seen = { $map: { input: { $ifNull: ['$commits', []] }, in: '$$this.commit' } };
    const own = { $literal: this.core().commit };
    const mended = { $literal: commit };
    const resolvedIn = commit === undefined ? { $cond: [{ $in: [own, seen] }, '$$REMOVE', own] } : mended;
    const seenBefore = commit === undefined ? seen : { $filter: { input: seen, cond: { $ne: ['$$this', mended] } } };
    return this.change(fingerprint, 'resolved', by, { resolvedIn, seenBefore });
  }

  /** It is counted on, and nobody is told of it. @returns whether there is such a group. */
  mute(fingerprint: string, { by }: { by?: string } = {}): Promise<boolean> {
    return this.change(fingerprint, 'muted', by);
  }

  /** It wants a look again. @returns whether there is such a group. */
  reopen(fingerprint: string, { by }: { by?: string } = {}): Promise<boolean> {
    return this.change(fingerprint, 'open', by);
  }

  private async change(fingerprint: string, state: ErrorState, by: string | undefined, more: Document = {}) {
    const gone = Object.fromEntries(ofTheStateBefore.map(field => [field, '$$REMOVE']));
    const changed = {
      state,
      changedAt: this.core().clock.now(),
      changedBy: by === undefined ? '$$REMOVE' : { $literal: by },
    };
    const _id = parseId(fingerprint, `errors.${state}`);
    const { matchedCount } = await this.collection.updateOne({ _id }, [{ $set: { ...gone, ...changed, ...more } }]);
    return matchedCount > 0;
  }

  private get collection(): Collection<ErrorGroup> {
    return this.core().db.collection(errorCollectionName);
  }
}

const ofTheStateBefore = [
  'resolvedIn',
  'seenBefore',
  'cameBackAt',
  'cameBackIn',
] as const satisfies (keyof ErrorGroup)[];

function filterOf({ states = ['open', 'cameBack'], taskType, after }: ErrorGroupQuery): Filter<ErrorGroup> {
  for (const state of states)
    if (!errorStates.includes(state))
      throw new TypeError(`states: ${show(state)} is none of ${errorStates.join(', ')}`);
  return {
    state: { $in: [...states] },
    ...(taskType !== undefined && { taskType: String(taskType) }),
    // The first part bounds the index, the second leaves out what the page before has shown of the same moment.
    ...(after && {
      lastAt: { $lte: after.lastAt },
      $or: [{ lastAt: { $lt: after.lastAt } }, { _id: { $lt: String(after._id) } }],
    }),
  };
}
