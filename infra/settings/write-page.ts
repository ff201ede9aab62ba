import { writeFileSync } from 'node:fs';
import { settingsPage } from './page';

writeFileSync('docs/settings.md', settingsPage());
