import { writeSync } from 'node:fs';
import { constants } from 'node:os';
import { Meteor } from 'meteor/meteor';
import type { App } from '../app';
import type { AnyCatalog, AppCatalog } from '../catalog';
import { plainError } from '../errors/plain-error';
import { TaskQueue } from '../queue';
import { fillSettings, handlerSettings, load, SettingsError, treeOf } from '../settings';
import { RoleProcess } from './role-process';
import { taskTypesOf } from './workers';

/** Boots this process in the role that its settings name: the whole of `server/main.ts`. */
export function startRole(app: App): void {
  const options = { production: Meteor.isProduction, app: treeOf(app.settings) };
  const settings = orExit(() => load(Meteor.settings, options));
  orExit(() => taskTypesOf(settings.workers, app.catalog as AnyCatalog));
  fillSettings(app.settings, settings);
  TaskQueue.declare(app.catalog as AppCatalog, handlerSettings(app.settings));
  const role = new RoleProcess(app, settings);
  drainOnSignals(role);
  Meteor.startup(() => startOrExit(role));
}

/** Where the settings are wrong, says all that is wrong with them and ends the process with code 1. */
function orExit<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof SettingsError) exitWith(error);
    throw error;
  }
}

/** A host that asks for health must not take a slow start (an index being built, say) for a dead process. */
const listensAfterMs = 5_000;

/**
 * Starts a role; where it can't, says why in one message and ends the process with code 1. The host listens when this
 * resolves: when the role is ready, and while it still starts after five seconds; /healthz says 503 then.
 */
async function startOrExit(role: RoleProcess): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const slow = new Promise(resolve => {
    timer = setTimeout(resolve, listensAfterMs);
  });
  await Promise.race([role.start().catch(exitWith), slow]).finally(() => clearTimeout(timer));
}

/**
 * Meteor has no hook for its end: the signals are ours. The first drains, the same one again ends at once. A Ctrl-C at
 * `meteor run` comes as two: the terminal's, and the tool's own.
 */
function drainOnSignals(role: RoleProcess): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    let told = false;
    process.on(signal, () => {
      if (told) process.exit(128 + constants.signals[signal]);
      told = true;
      void role.drain(signal).then(() => process.exit(0));
    });
  }
}

/** Written at once and whole: the process ends before a stream would have flushed. */
function exitWith(thrown: unknown): never {
  const { name, message, stack = `${name}: ${message}` } = plainError(thrown);
  const known = message && name !== 'TypeError' && name !== 'ReferenceError';
  writeSync(process.stderr.fd, `${known ? message : stack}\n`);
  process.exit(1);
}
