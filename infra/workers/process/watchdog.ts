import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/**
 * Ends this process when its parent is gone, from a thread of its own: a handler that never gives the event loop back
 * would otherwise outlive a killed role and burn on for ever.
 *
 * @param everyMs how often the thread looks; until then an orphan may live.
 * @returns when the thread runs: it could not begin any more beside a handler that blocks this one.
 */
export async function watchParent(everyMs = 1_000): Promise<void> {
  const watch = new Worker(`(${look.toString()})(${process.ppid}, ${everyMs})`, {
    eval: true,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
  });
  await once(watch, 'online');
  watch.on('error', error => console.error('The watch over the parent process ended:', error));
  watch.unref();
}

/** Runs in the thread, as text: it may use nothing from around it. */
function look(parent: number, everyMs: number): void {
  setInterval(() => {
    // An orphan is given another parent; where a system does not do that, the old one no longer answers.
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
    try {
      process.kill(parent, 0);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') process.kill(process.pid, 'SIGKILL');
    }
  }, everyMs);
}
