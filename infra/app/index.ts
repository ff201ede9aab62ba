export { type AppSettings, defineSettings } from '../settings';
export * from '../settings/language';
export {
  type App,
  defineApp,
  type RoleParts,
  type SecurityAdditions,
  type Service,
  type UploadRoute,
} from './define-app';
