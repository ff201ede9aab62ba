export { ignoredSecrets } from './known-secrets';
export { load, SettingsError } from './load';
export { redact } from './redact';
export { type Role, roleOf } from './role';
export type { Settings } from './schema';
