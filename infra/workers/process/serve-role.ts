import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { AnyCatalog } from '../../catalog';
import { textOf } from '../../errors/plain-error';
import { flushSpans } from '../../tracing/tracing';
import { hearOutputs } from './output';
import type { HandlerRegistry } from './run-task';
import { TaskRunner } from './task-runner';

/** The signals that a terminal or a process manager sends to the whole group: the role decides when its workers end. */
const ignoredSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Makes this process a worker of the role that forked it: it runs the tasks that come over the channel, and ends with
 * it.
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
  process.on('disconnect', () => void flushSpans().then(() => process.exit(0)));

  const runner = new TaskRunner(catalog as AnyCatalog, handlers as HandlerRegistry, batch => {
    // If the channel has closed, the role has ended, and this process ends too.
    send(batch, undefined, undefined, () => {});
  });
  hearOutputs((stream, text) => runner.hear(stream, text));
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
 * @param everyMs how often the thread checks; an orphan may live for that long.
 * @returns when the thread runs: beside a handler that blocks this thread it could not start any more.
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

/** Runs in the thread, as text: it may use nothing of its scope. */
function look(parent: number, everyMs: number): void {
  setInterval(() => {
    // The system gives an orphan another parent; where it does not, the old parent no longer answers.
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
    try {
      process.kill(parent, 0);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') process.kill(process.pid, 'SIGKILL');
    }
  }, everyMs);
}
