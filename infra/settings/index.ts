export {
  type AppSettings,
  defineSettings,
  fillSettings,
  type HandlerSettingsOf,
  handlerSettings,
  treeOf,
} from './app-settings';
export { ignoredSecrets } from './known-secrets';
export * from './language';
export { load, SettingsError } from './load';
export { redact } from './redact';
export { type Role, roleOf } from './role';
export type { Settings } from './schema';
