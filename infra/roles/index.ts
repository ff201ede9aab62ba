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

/** Boots this process in the role that its settings name; `server/main.ts` does nothing else. */
export function startRole(app: App): void {
  const options = { production: Meteor.isProduction, app: treeOf(app.settings) };
  const settings = orExit(() => load(Meteor.settings, options));
  orExit(() => taskTypesOf(settings.workers, app.catalog as AnyCatalog));
  fillSettings(app.settings, settings);
  TaskQueue.declare(app.catalog as AppCatalog, handlerSettings(app.settings), app.rates, app.ownerField);
  const role = new RoleProcess(app, settings);
  drainOnSignals(role);
  Meteor.startup(() => startOrExit(role));
}

/** If the settings are wrong, prints all problems and ends the process with code 1. */
function orExit<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof SettingsError) exitWith(error);
    throw error;
  }
}

/** A host's health check must not mistake a slow start (such as building an index) for a dead process. */
const listensAfterMs = 5_000;

/**
 * Starts a role; if that fails, prints the reason in one message and ends the process with code 1. The host listens
 * when this resolves: when the role is ready, or after five seconds while it still starts; /healthz answers 503 then.
 */
async function startOrExit(role: RoleProcess): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const slow = new Promise(resolve => {
    timer = setTimeout(resolve, listensAfterMs);
  });
  await Promise.race([role.start().catch(exitWith), slow]).finally(() => clearTimeout(timer));
}

/**
 * Meteor has no hook for its end, so we handle the signals. The first one drains, and the same one again ends the
 * process at once; a drain that an operator has asked for is no signal. A Ctrl-C at `meteor run` comes as two signals:
 * the terminal's, and the tool's own.
 */
function drainOnSignals(role: RoleProcess): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    let told = false;
    process.on(signal, () => {
      if (told) process.exit(128 + constants.signals[signal]);
      told = true;
      void role.end(signal);
    });
  }
}

/** Writes synchronously: the process ends before a stream would have flushed. */
function exitWith(thrown: unknown): never {
  const { name, message, stack = `${name}: ${message}` } = plainError(thrown);
  const known = message && name !== 'TypeError' && name !== 'ReferenceError';
  writeSync(process.stderr.fd, `${known ? message : stack}\n`);
  process.exit(1);
}
