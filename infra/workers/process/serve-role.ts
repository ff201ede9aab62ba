import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { AnyCatalog } from '../../catalog';
import { textOf } from '../../errors/plain-error';
import type { HandlerRegistry } from './run-task';
import { TaskRunner } from './task-runner';

/** The signals that a terminal or a process manager sends to the whole group: the role decides when its workers end. */
const ignoredSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Makes this process a worker of the role that forked it: it runs what comes over the channel, and ends with it.
 *
 * @param catalog, handlers of the app; a handler's module is loaded with its first task.
 */
export function serveRole(catalog: object, handlers: object): void {
  const send = process.send?.bind(process);
  if (!send) {
    console.error('This file is a worker of a jobs role: the role starts it. See docs/job-path.md.');
    process.exit(2);
  }
  process.title = 'tandem worker';
  for (const signal of ignoredSignals) process.on(signal, () => {});
  process.on('disconnect', () => process.exit(0));

  const runner = new TaskRunner(catalog as AnyCatalog, handlers as HandlerRegistry, batch => {
    // A channel that closed under it is the role's end, which is this process's end.
    send(batch, undefined, undefined, () => {});
  });
  process.on('message', batch => runner.receive(batch));
  process.on('exit', () => runner.flush());
  process.on('unhandledRejection', reason => runner.unhandledRejection(reason));
  process.on('uncaughtException', thrown => {
    console.error(textOf(thrown));
    runner.fatal(thrown);
    process.exit(1);
  });

  // From the hello on, a task may block this event loop for ever.
  watchParent().then(
    () => runner.hello(),
    error => {
      console.error('The watch over the parent process could not start:', error);
      process.exit(1);
    },
  );
}

/**
 * Ends this process when its parent is gone, from a thread of its own: a handler that never gives the event loop back
 * would otherwise outlive a killed role and burn on for ever.
 *
 * @param everyMs how often the thread looks; until then an orphan may live.
 * @returns when the thread runs: it could not begin any more beside a handler that blocks this one.
 */
async function watchParent(everyMs = 1_000): Promise<void> {
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
