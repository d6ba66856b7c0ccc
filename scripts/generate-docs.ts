import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorsPage, settingsPage } from './doc-pages.ts';

const docs = join(import.meta.dirname, '../docs');
writeFileSync(join(docs, 'settings.md'), settingsPage());
writeFileSync(join(docs, 'errors.md'), errorsPage());
