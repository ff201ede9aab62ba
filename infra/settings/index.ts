export {
  type AppSettings,
  defineSettings,
  fillSettings,
  type HandlerSettingsOf,
  handlerSettings,
  treeOf,
} from './app-settings';
export * from './language';
export { load, type Role, roleOf, SettingsError } from './load';
export { type OperatorRole, type Settings, singleOperator } from './schema';
export { ignoredSecrets, redact } from './secrets';
