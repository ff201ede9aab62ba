import type { Emit } from '../../monitor/events';
import { timerMs } from '../../timing/timer-ms';

/** Says which tasks hold up the end of the role, by type, and for how long at most. */
export function tellWait(emit: Emit, tasks: readonly { taskType: string }[], forMs: number): void {
  if (tasks.length === 0) return;
  const counts = new Map<string, number>();
  for (const { taskType } of tasks) counts.set(taskType, (counts.get(taskType) ?? 0) + 1);
  emit('role.waits', { tasks: [...counts].map(([type, count]) => `${type} (${count})`).join(', '), forMs });
}

/** Resolves when what `give` has got is called, after `ms`, or when `cut` aborts: whatever comes first. */
export async function untilCalled(
  ms: number,
  cut: AbortSignal | undefined,
  give: (done: () => void) => void,
): Promise<void> {
  if (cut?.aborted) return;
  await new Promise<void>(resolve => {
    const done = () => {
      clearTimeout(timer);
      cut?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, timerMs(ms));
    cut?.addEventListener('abort', done);
    give(done);
  });
}
