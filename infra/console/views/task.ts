import { BSON } from 'mongodb';
import { hiddenFields, redacted } from '../../catalog';
import { clip } from '../../errors/plain-error';
import type { Explanation, Task } from '../../queue';
import { isLive } from '../../queue/model/task';
import { type AnyQueue, maxTimeMS, textIn, view } from './view';

const longestJson = 100_000;

/** All that is known of a task: the same fields, its payload and result as text. */
export interface ShownDetails
  extends Pick<
    Task,
    | '_id'
    | 'taskType'
    | 'state'
    | 'priority'
    | 'createdAt'
    | 'dueDate'
    | 'deadline'
    | 'attempt'
    | 'attempts'
    | 'error'
    | 'finishedAt'
    | 'expiresAt'
    | 'claimedAt'
    | 'owner'
    | 'progress'
    | 'origin'
    | 'after'
    | 'batch'
    | 'afterBatch'
    | 'tags'
    | 'uniqueKey'
    | 'cancelRequested'
    | 'deadlineMissed'
  > {
  /** As JSON, clipped where it is very long: it can't be edited then. */
  payload: string;
  payloadIsWhole: boolean;
  result?: string;
  /** The fields of the payload whose values are not in it. */
  hidden: string[];
  /** Whether the catalog has its type: if not, the payload is hidden as a whole. */
  typeIsKnown: boolean;
  /** The schema's fields, by dotted path. */
  fields: string[];
  sender: string;
}

/** One task, and why it waits. */
export const taskView = (queue: AnyQueue) =>
  view({
    parse: params => ({ id: textIn(params, 'id') ?? '' }),
    look: async ({ id }): Promise<{ task?: ShownDetails; explanation?: Pick<Explanation, 'text' | 'reasons'> }> => {
      const projection = { signature: 0, token: 0 };
      const task = await queue.core.store.collection.findOne({ _id: id }, { projection, maxTimeMS });
      if (!task) return {};
      const waits = isLive(task) && task.state !== 'running';
      const found = waits ? await queue.explain(id) : undefined;
      return {
        task: detailsOf(queue, task),
        ...(found && { explanation: { text: found.text, reasons: found.reasons } }),
      };
    },
  });

function detailsOf(queue: AnyQueue, task: Task): ShownDetails {
  const { data, result, sender, signature: _, token: __, ...fields } = task;
  const { catalog } = queue.core;
  const payload = jsonOf(redacted(catalog, task.taskType, data));
  return {
    ...fields,
    payload: clip(payload, longestJson),
    payloadIsWhole: payload.length <= longestJson,
    ...(result !== undefined && { result: clip(jsonOf(result), longestJson) }),
    hidden: hiddenFields(catalog, task.taskType, data),
    typeIsKnown: Object.hasOwn(catalog, task.taskType),
    fields: [...(catalog[task.taskType]?.fields.keys() ?? [])],
    sender: `${sender?.appId} ${sender?.version}`,
  };
}

/** Values that JSON has no word for (dates, ids) are shown as MongoDB writes them. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(JSON.parse(BSON.EJSON.stringify({ value }, { relaxed: true })).value, null, 2) ?? 'undefined';
  } catch {
    return String(value);
  }
}
