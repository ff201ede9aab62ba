import SimpleSchema from 'simpl-schema';
import { defineTasks } from '../../infra/catalog';

const patient = 60_000;
const anything = { type: Object, blackbox: true, optional: true } as const;

/** Task types that do what handlers should not, and some that look around in the worker. */
export const catalog = defineTasks({
  importLines: { payload: { lines: SimpleSchema.Integer, dies: { type: Boolean, optional: true } }, attempts: 5 },
  importChunk: { payload: { chunk: SimpleSchema.Integer }, attempts: 1 },
  summary: { payload: {} },
  noop: { payload: { n: { type: SimpleSchema.Integer, optional: true } }, timeout: patient },
  wait: { payload: { ms: Number }, timeout: patient },
  waitTogether: { payload: { ms: Number }, timeout: patient, perWorker: 10 },
  takeRate: {
    payload: { name: String, cost: { type: Number, optional: true }, times: Number },
    timeout: patient,
    perWorker: 10,
  },
  echo: { payload: { value: anything, at: { type: Date, optional: true } }, timeout: patient },

  hang: { payload: {}, timeout: 300 },
  hangLong: { payload: {}, timeout: patient },
  stopOnSignal: { payload: {}, timeout: 300 },
  stopOnSignalLong: { payload: {}, timeout: patient },
  returnAfterSignal: { payload: {}, timeout: 300 },
  blockLoop: { payload: { ms: Number }, timeout: 300 },
  blockTogether: { payload: { ms: Number }, timeout: 300, perWorker: 10 },
  blockLoopLong: { payload: { ms: Number }, timeout: patient },

  throwError: { payload: { message: String } },
  throwFatal: { payload: { message: String } },
  snooze: { payload: { ms: { type: Number, optional: true }, at: { type: Date, optional: true } } },
  retryItself: { payload: { say: String } },
  throwOther: { payload: { what: String } },
  rejectAside: { payload: { goOn: Boolean } },
  exceptionAside: { payload: {} },
  exit: { payload: { code: SimpleSchema.Integer } },
  killSelf: { payload: { signal: String } },
  exhaustMemory: { payload: {}, timeout: patient },
  leak: { payload: { megabytes: Number } },
  leaveLoopBlocked: { payload: {}, timeout: patient },

  giveBack: { payload: { what: String } },
  giveBackTogether: { payload: { what: String }, perWorker: 10 },
  report: { payload: { fractions: [Number], waitMs: { type: Number, optional: true } } },
  reportNonsense: { payload: {} },
  breakGlobal: { payload: { what: String } },
  parse: { payload: {} },
  parseToo: { payload: {} },
  sum: { payload: {} },
  useClient: { payload: {} },
  useClientToo: { payload: {} },
  closeClient: { payload: {} },
  useSharp: { payload: {} },
  log: { payload: {} },
  logUnsendable: { payload: {} },
  askUnsendable: { payload: { by: String } },
  print: { payload: {} },
  printTogether: { payload: { n: Number }, perWorker: 10 },
  printThenExit: { payload: {} },
  sendNonsense: { payload: {} },
  ask: { payload: { data: { type: String }, timeoutMs: { type: Number, optional: true } } },
  ipcPingTest: { payload: {} },
  ipcNestedPingTest: { payload: {} },
  ipcStatusZero: { payload: {} },

  lookAround: { payload: {} },
  touchLazy: { payload: {} },
  isLazyLoaded: { payload: {} },
  readDatabase: { payload: {} },
  recurring: { payload: {} },
  addOther: { payload: { taskType: String, inMemory: { type: Boolean, optional: true } } },
});

export type FaultCatalog = typeof catalog;
