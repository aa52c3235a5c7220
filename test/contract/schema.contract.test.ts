import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageRoot } from '../../config/package-root.ts';
import { openStore } from '../../engine/store/database.ts';
import { migrate } from '../../engine/store/migrate.ts';
import { schemaText } from '../../scripts/schema-text.ts';
import { createTestDatabase, STORES } from '../support/database.ts';
import { serviceUrl } from '../support/services.ts';

if (STORES.includes('postgres')) {
  describe('schema contract: postgres', () => {
    it('is the one that is reviewed in git: engine/store/schema.sql (node dist/scripts/dump-schema.js makes it)', async () => {
      const reviewed = await readFile(join(packageRoot(), 'engine/store/schema.sql'), 'utf8');
      const { url, remove } = await createTestDatabase('postgres');
      const schema = new URL(url).searchParams.get('options')?.split('search_path=')[1] ?? '';
      const db = openStore({ url, poolSize: 1 });
      await migrate(db);
      await db.destroy();
      const made = await schemaText(serviceUrl('TEST_PG_URL') ?? '', schema);
      await remove();
      expect(made.split('\n')).to.deep.equal(reviewed.split('\n'));
    });
  });
}
