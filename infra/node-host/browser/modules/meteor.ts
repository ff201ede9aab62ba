import { nobody } from '../../absent';
import { makeAbsoluteUrl } from '../../shared/absolute-url';
import { MeteorError, makeErrorType } from '../../shared/meteor-error';
import { connection, runtimeConfig } from '../connection';

const waiting: (() => void)[] = [];
let isReady = document.readyState === 'complete';

if (!isReady) {
  addEventListener('DOMContentLoaded', runAll);
  addEventListener('load', runAll);
}

/** Runs `hook` when the page is loaded, in order of registration; at once if it is loaded. */
function startup(hook: () => void): void {
  if (isReady) hook();
  else waiting.push(hook);
}

function runAll(): void {
  isReady = true;
  for (let hook = waiting.shift(); hook; hook = waiting.shift()) hook();
}

const isProduction = runtimeConfig.meteorEnv?.NODE_ENV === 'production';

/** `meteor/meteor` in the browser. */
export const Meteor = {
  isClient: true,
  isServer: false,
  isCordova: false,
  isDevelopment: !isProduction,
  isProduction,
  isTest: false,
  isAppTest: false,
  release: runtimeConfig.meteorRelease,
  settings: { public: runtimeConfig.PUBLIC_SETTINGS ?? {} },
  Error: MeteorError,
  makeErrorType,
  startup,
  ...nobody,
  absoluteUrl: makeAbsoluteUrl(() => runtimeConfig.ROOT_URL),

  connection,
  subscribe: connection.subscribe.bind(connection),
  call: connection.call.bind(connection),
  callAsync: connection.callAsync.bind(connection),
  apply: connection.apply.bind(connection),
  applyAsync: connection.applyAsync.bind(connection),
  status: connection.status.bind(connection),
  reconnect: connection.reconnect.bind(connection),
  disconnect: connection.disconnect.bind(connection),

  setTimeout: (callback: () => void, ms?: number) => setTimeout(callback, ms),
  clearTimeout: (id: ReturnType<typeof setTimeout>) => clearTimeout(id),
  setInterval: (callback: () => void, ms?: number) => setInterval(callback, ms),
  clearInterval: (id: ReturnType<typeof setInterval>) => clearInterval(id),
  defer: (callback: () => void) => void setTimeout(callback, 0),
  /** A page has one environment only. */
  bindEnvironment: <F extends (...args: never[]) => unknown>(callback: F): F => callback,

  _debug: (...values: unknown[]) => console.error(...values),
};
