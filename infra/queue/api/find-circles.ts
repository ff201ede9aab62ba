import type { Task } from '../model/task';

/**
 * Tasks that are added together may come after each other in any order; not in a circle, of which none would ever start.
 * With tasks that are there already there is none: they came before these.
 *
 * @returns a line with the path of the first circle.
 */
export function findCircles(tasks: readonly Pick<Task, '_id' | 'after'>[]): string[] {
  const after = new Map(tasks.map(task => [task._id, task.after ?? []]));
  const clear = new Set<string>();
  for (const { _id } of tasks) {
    const circle = circleFrom(_id, after, clear);
    if (circle) return [`after: a circle: ${circle.join(' → ')}`];
  }
  return [];
}

/** Depth first, without recursion: a chain may be as long as the list. */
function circleFrom(start: string, after: ReadonlyMap<string, readonly string[]>, clear: Set<string>) {
  const path: { id: string; next: number }[] = [{ id: start, next: 0 }];
  const onPath = new Set([start]);
  while (path.length > 0) {
    const here = path.at(-1) as { id: string; next: number };
    const next = clear.has(here.id) ? undefined : after.get(here.id)?.[here.next++];
    if (next === undefined) {
      clear.add(here.id);
      onPath.delete(here.id);
      path.pop();
    } else if (onPath.has(next)) {
      const ids = path.map(({ id }) => id);
      return [...ids.slice(ids.indexOf(next)), next];
    } else if (after.has(next)) {
      path.push({ id: next, next: 0 });
      onPath.add(next);
    }
  }
  return undefined;
}
