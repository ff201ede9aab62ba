import { defineSettings } from '../infra/app';

/**
 * The app's own settings, beside those of the template: checked at boot, typed, and never logged. docs/app.md shows how
 * to declare one, and how handlers get it.
 */
export const settings = defineSettings({});
