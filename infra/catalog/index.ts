export type { AppCatalog, AppDataOf, AppOwnSettings, AppRate, AppResults, AppTaskType, AppTypes } from './app-types';
export { catalogHash, catalogVersions } from './catalog-hash';
export { defineTasks, failedTask, takesFailedTask } from './define-tasks';
export { didYouMean } from './nearest';
export {
  type FormLimits,
  type NormalForm,
  normalForm,
  payloadLimits,
  resultLimits,
} from './normal-form';
export { findLimitProblems, findOptionProblems } from './option-problems';
export {
  definitionOf,
  findPayloadProblems,
  findSchemaProblems,
  optionsOf,
  PayloadError,
  parsePayload,
} from './parse-payload';
export type { DataOfFields, PayloadFields } from './payload-language';
export {
  defineRates,
  findNamedRateProblems,
  type NamedRates,
  namedRateOf,
  type RateWindow,
  rateKeyFields,
  windowOf,
} from './rates';
export { hidden } from './redact';
export { hiddenFields, redacted, unredacted } from './redacted';
export type { AnyCatalog, CatalogOf, DataIn, TaskDefinition, TaskTypeIn, TaskTypeRunningIn } from './task-definition';
export {
  type Backoff,
  type ConcurrencyLimit,
  defaultOptions,
  Priority,
  type PriorityClass,
  priorityClassOf,
  type RateLimit,
  type ResolvedOptions,
  type Retention,
  type RunsIn,
  type SlotLimit,
  type TaskTypeOptions,
} from './task-options';
export {
  findUniqueProblems,
  resolveUnique,
  type UniqueChoice,
  type UniqueKey,
  type UniqueRule,
} from './unique';
export { isDate, isPlainObject, isWellFormed, timeOf } from './value-kinds';
