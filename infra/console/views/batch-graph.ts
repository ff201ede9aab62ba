import { type Batch, onFailureOf, thenOf } from '../../queue/model/batch';
import type { Task } from '../../queue/model/task';
import { batchCollectionName } from '../../queue/store/batches';
import { type AnyQueue, maxTimeMS } from './view';

/** A batch, or a task that comes before or after one. */
export interface GraphNode {
  id: string;
  kind: 'batch' | 'task';
  title: string;
  state: string;
  /** From left to right: each comes after what is in the columns before. */
  column: number;
}

export interface BatchGraph {
  nodes: GraphNode[];
  edges: { from: string; to: string; note?: string }[];
  /** There is more than is shown. */
  more: boolean;
}

const mostNodes = 20;
const mostSteps = 4;
const ofTask = { projection: { taskType: 1, state: 1, after: 1 }, maxTimeMS, limit: mostNodes + 1 };

type Found = Pick<Task, '_id' | 'taskType' | 'state' | 'after'>;

/** What has made a batch, and what comes after what from there on, a few steps far. */
export async function graphOf(queue: AnyQueue, batch: Batch): Promise<BatchGraph> {
  const graph = new Graph();
  graph.addBatch(batch, 0);
  if (batch.createdBy !== undefined) {
    const [creator] = await tasksOf(queue, { _id: batch.createdBy });
    if (creator) graph.addTask(creator, -1, [{ from: creator._id, to: batch._id }]);
  }
  let [batches, tasks] = [[batch._id], [] as string[]];
  for (let column = 1; column <= mostSteps && batches.length + tasks.length > 0; column++) {
    const [after, behind, made] = await Promise.all([
      followersOf(queue, batches),
      waitingBehind(queue, tasks),
      madeBy(queue, tasks),
    ]);
    const before = new Set(tasks);
    for (const { task, from, note } of after)
      graph.addTask(task, column, [{ from, to: task._id, ...(note !== undefined && { note }) }]);
    for (const task of behind) {
      const its = (task.after ?? []).filter(id => before.has(id));
      graph.addTask(
        task,
        column,
        its.map(from => ({ from, to: task._id })),
      );
    }
    for (const one of made) graph.addBatch(one, column, one.createdBy);
    batches = made.map(({ _id }) => _id);
    tasks = [...after.map(({ task }) => task._id), ...behind.map(({ _id }) => _id)];
  }
  return graph.shown;
}

class Graph {
  readonly shown: BatchGraph = { nodes: [], edges: [], more: false };
  private readonly ids = new Set<string>();

  addBatch({ _id: id, name: title, state }: Batch, column: number, from?: string): void {
    this.add({ id, kind: 'batch', title, state, column }, from === undefined ? [] : [{ from, to: id }]);
  }

  addTask({ _id: id, taskType: title, state }: Found, column: number, edges: BatchGraph['edges']): void {
    this.add({ id, kind: 'task', title, state, column }, edges);
  }

  private add(node: GraphNode, edges: BatchGraph['edges']): void {
    const { nodes } = this.shown;
    if (!this.ids.has(node.id) && nodes.length >= mostNodes) {
      this.shown.more = true;
      return;
    }
    if (!this.ids.has(node.id)) nodes.push(node);
    this.ids.add(node.id);
    this.shown.edges.push(...edges);
  }
}

async function followersOf(queue: AnyQueue, batches: readonly string[]) {
  if (batches.length === 0) return [];
  const roles = new Map<string, { from: string; note?: string }>(
    batches.flatMap(from => [
      [thenOf(from), { from }],
      [onFailureOf(from), { from, note: 'if any fails' }],
    ]),
  );
  const found = await tasksOf(queue, { _id: { $in: [...roles.keys()] } });
  const byId = new Map(found.map(task => [task._id, task]));
  return [...roles].flatMap(([id, role]) => {
    const task = byId.get(id);
    return task ? [{ task, ...role }] : [];
  });
}

/** What has begun does not wait any more: it is not found. */
async function waitingBehind(queue: AnyQueue, ids: readonly string[]): Promise<Found[]> {
  if (ids.length === 0) return [];
  const behind = { state: 'waiting', waitsFor: 'predecessors', after: { $in: [...ids] } };
  return tasksOf(queue, behind, 'after');
}

async function madeBy({ core }: AnyQueue, ids: readonly string[]): Promise<Batch[]> {
  if (ids.length === 0) return [];
  const made = core.db.collection<Batch>(batchCollectionName).find({ createdBy: { $in: [...ids] } }, { maxTimeMS });
  return made.limit(mostNodes + 1).toArray();
}

function tasksOf({ core }: AnyQueue, filter: object, hint?: string): Promise<Found[]> {
  return core.store.collection.find<Found>(filter, { ...ofTask, ...(hint !== undefined && { hint }) }).toArray();
}
