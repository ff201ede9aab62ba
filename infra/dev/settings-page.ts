/** Prints docs/settings.md: the template's settings, and the app's own. */
import { writeFileSync } from 'node:fs';
import { settingsPage } from '../settings/page';
import { appSettingsTree } from './json-file';

void appSettingsTree().then(app => writeFileSync('docs/settings.md', settingsPage(app)));
