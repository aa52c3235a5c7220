import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openStore } from '../../../engine/store/database.ts';
import { prepare, prepareChange } from '../../../engine/store/prepared.ts';

describe('prepared statements', () => {
  it('write without end into a write-ahead log that does not grow', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'bode-wal-'));
    const db = openStore({ url: `sqlite:${join(dir, 'store.sqlite')}` });
    try {
      await db.schema.createTable('things', (table) => {
        table.text('name').primary();
        table.binary('content');
      });
      const add = prepareChange(db, 'insert into things (name, content) values (?, ?)');
      const content = Buffer.alloc(8_192, 1);
      for (let index = 0; index < 2_000; index += 1) expect(await add([`thing ${index}`, content])).to.equal(1);
      expect((await stat(join(dir, 'store.sqlite-wal'))).size).to.be.lessThan(10e6);
      const find = prepare<{ total: number }>(db, 'select count(*) as total from things');
      expect(await find([])).to.deep.equal([{ total: 2_000 }]);
    } finally {
      await db.destroy();
      await rm(dir, { recursive: true });
    }
  });
});
