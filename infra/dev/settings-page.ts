/** Prints docs/settings.md: the template's settings, and the app's own. */
import { writeFileSync } from 'node:fs';
import { settingsPage } from '../settings/page';
import { appSettingsTree } from './json-file';

writeFileSync('docs/settings.md', settingsPage(appSettingsTree()));
