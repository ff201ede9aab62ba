import { nobody } from '../absent';
import { settings } from '../boot/settings';
import { startup } from '../boot/startup';
import { ddpServer } from '../ddp/ddp-server';
import { bindEnvironment, EnvironmentVariable } from '../environment';
import { makeAbsoluteUrl } from '../shared/absolute-url';
import { MeteorError, makeErrorType } from '../shared/meteor-error';
import { release } from '../webapp/page';

type Callback = () => unknown;

const isProduction = process.env.NODE_ENV === 'production';

/** `meteor/meteor` on the server. */
export const Meteor = {
  isClient: false,
  isServer: true,
  isCordova: false,
  isDevelopment: !isProduction,
  isProduction,
  isTest: false,
  isAppTest: false,
  release,
  settings,
  Error: MeteorError,
  makeErrorType,
  EnvironmentVariable,
  bindEnvironment,
  startup,
  ...nobody,
  absoluteUrl: makeAbsoluteUrl(() => process.env.ROOT_URL),

  server: ddpServer,
  methods: ddpServer.methods.bind(ddpServer),
  publish: ddpServer.publish.bind(ddpServer),
  call: ddpServer.call.bind(ddpServer),
  callAsync: ddpServer.callAsync.bind(ddpServer),
  apply: ddpServer.apply.bind(ddpServer),
  applyAsync: ddpServer.applyAsync.bind(ddpServer),
  onConnection: ddpServer.onConnection.bind(ddpServer),
  onMessage: ddpServer.onMessage.bind(ddpServer),

  setTimeout: (callback: Callback, ms?: number) => setTimeout(bindEnvironment(callback, 'setTimeout callback'), ms),
  clearTimeout: (timer: NodeJS.Timeout) => clearTimeout(timer),
  setInterval: (callback: Callback, ms?: number) => setInterval(bindEnvironment(callback, 'setInterval callback'), ms),
  clearInterval: (timer: NodeJS.Timeout) => clearInterval(timer),
  defer: (callback: Callback) => void setImmediate(bindEnvironment(callback, 'defer callback')),

  _debug: (...values: unknown[]) => console.error(...values),
};
