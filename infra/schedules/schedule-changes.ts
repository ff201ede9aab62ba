import type { Collection, UpdateFilter } from 'mongodb';
import type { QueueCore } from '../queue/api/queue-core';
import { duplicateKey } from '../queue/store/mongo-insert';
import { jitterOf, nextRun } from './occurrences';
import { type ScheduleDefinition, type StoredSchedule, signedPart } from './stored-schedule';
import type { Timetables } from './timetables';

export interface ScheduleChangesOptions {
  collection: Collection<StoredSchedule>;
  /** Its keys sign the schedules, and its clock judges them. */
  core: Pick<QueueCore, 'clock' | 'signer'>;
  timetables: Timetables;
}

/** Changes schedules while other processes change and run them: each change counts up the revision that it has read. */
export class ScheduleChanges {
  constructor(private readonly options: ScheduleChangesOptions) {}

  /** @param paused absent: as it is. @returns the schedule as it is now, without its runs. */
  async put(name: string, definition: ScheduleDefinition, paused: boolean | undefined): Promise<StoredSchedule> {
    for (;;) {
      const before = await this.find(name);
      const after = this.changed(name, before, definition, paused ?? before?.paused ?? false);
      if (await this.write(before, after)) return after;
    }
  }

  /** @returns whether there is such a schedule. */
  async setPaused(name: string, paused: boolean): Promise<boolean> {
    for (;;) {
      const before = await this.find(name);
      if (!before) return false;
      const after = { ...before, paused, changedAt: this.options.core.clock.now(), revision: before.revision + 1 };
      const { intendedAt: _, dueAt: __, claim: ___, ...rest } = after;
      if (await this.write(before, { ...rest, ...this.nextOf(rest, before, after.changedAt) })) return true;
    }
  }

  private find(name: string): Promise<StoredSchedule | null> {
    return this.options.collection.findOne({ _id: name }, { projection: { runs: 0 } });
  }

  private changed(
    name: string,
    before: StoredSchedule | null,
    definition: ScheduleDefinition,
    paused: boolean,
  ): StoredSchedule {
    const { clock, signer } = this.options.core;
    const now = clock.now();
    const schedule: StoredSchedule = {
      _id: name,
      ...definition,
      createdAt: before?.createdAt ?? now,
      changedAt: now,
      revision: (before?.revision ?? 0) + 1,
      paused,
      runs: [],
    };
    const signature = signer.signRecord('schedule', signedPart(schedule));
    return { ...schedule, ...(signature && { signature }), ...this.nextOf(schedule, before, now) };
  }

  /** A change of the task leaves the next run as it is; a change of the times begins from now. */
  private nextOf(after: StoredSchedule, before: StoredSchedule | null, now: Date): Next {
    const timetable = this.options.timetables.of(after);
    if (before && isSameTime(before, after)) {
      const { intendedAt, dueAt, claim } = before;
      return { ...(intendedAt && { intendedAt, dueAt }), ...(claim !== undefined && { claim }) };
    }
    const intendedAt = after.paused ? undefined : nextRun(timetable, now.getTime(), after.until);
    return intendedAt ? { intendedAt, dueAt: new Date(intendedAt.getTime() + jitterOf(after)) } : {};
  }

  /** @returns false if another process was faster. */
  private async write(before: StoredSchedule | null, after: StoredSchedule): Promise<boolean> {
    const { collection } = this.options;
    if (!before) return collection.insertOne(after).then(() => true, unlessThere);
    const { _id, runs: _, ...fields } = after;
    const keepsTime = isSameTime(before, after);
    // A role may be adding its tasks right now: this must not overwrite its claim and the next run that it sets.
    const { intendedAt, dueAt, claim, ...definition } = fields;
    const gone = [...optionalFields, ...(keepsTime ? [] : timeFields)].filter(name => after[name] === undefined);
    const update: UpdateFilter<StoredSchedule> = {
      $set: { ...definition, ...(!keepsTime && intendedAt && { intendedAt, dueAt }) },
      ...(gone.length > 0 && { $unset: Object.fromEntries(gone.map(name => [name, ''])) }),
    };
    const { matchedCount } = await collection.updateOne({ _id, revision: before.revision }, update);
    return matchedCount === 1;
  }
}

type Next = Pick<StoredSchedule, 'intendedAt' | 'dueAt' | 'claim'>;

const optionalFields = ['cron', 'text', 'every', 'timezone', 'until', 'signature', 'problem'] as const;
const timeFields = ['intendedAt', 'dueAt', 'claim'] as const;

function isSameTime(one: StoredSchedule, other: StoredSchedule): boolean {
  const timesOf = ({ cron, text, every, timezone, jitter, until, paused, problem }: StoredSchedule) =>
    JSON.stringify([cron, text, every, timezone, jitter, until, paused, problem]);
  return timesOf(one) === timesOf(other);
}

function unlessThere(error: { code?: unknown }): boolean {
  if (error.code === duplicateKey) return false;
  throw error;
}
