import { join } from 'node:path';
import { expect } from 'chai';
import { fileDate } from '../../engine/core/calendar.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { createBlobStore } from '../../engine/store/blobs.ts';
import { bode } from '../support/command-line.ts';
import { filesOf } from '../support/content.ts';
import { createTestDatabase, STORES, type StoreKind, type TestDatabase } from '../support/database.ts';
import { aDeclaration } from '../support/declarations.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient, type TestClient } from '../support/sender.ts';
import { zipOf } from './refusals.ts';

// about 2 KiB a person: more than lies in a row
const LARGE = aDeclaration({
  forms: [
    { companyId: '0206731645', persons: 40 },
    { companyId: '0403019261', persons: 40 },
  ],
});

for (const store of STORES) suite(store);

function suite(store: StoreKind): void {
  describe(`the content of submissions (${store})`, () => {
    let database: TestDatabase;
    let engine: TestEngine;
    let client: TestClient;

    before(async () => {
      database = await createTestDatabase(store);
      engine = await startEngine({ config: { store: { url: database.url } } });
      client = await openClient(engine);
    });
    after(async () => {
      await engine?.stop();
      await database?.remove();
    });

    async function send(sequence: string, content: string | Buffer): Promise<void> {
      const stem = `DMFA.123456.${fileDate(new Date())}.${sequence}.R`;
      const names = [`FI.${stem}.1.1`, `FS.${stem}.1.1`, `GO.${stem}.1`];
      await client.write(names[0] ?? '', content);
      await client.sign(names[0] ?? '');
      await client.write(names[2] ?? '', '');
      await client.sftp(names.map((name) => `put ${name} IN/\n`).join(''));
    }
    const command = (...args: string[]) => bode(['store', ...args], engine.dir);
    const check = async () => JSON.parse((await command('check', '--deep', '--grace', '0s', '--json')).stdout);

    it('is whole, and only what nobody needs is left over, until a sweep', async () => {
      await send('00001', LARGE);
      await send('00002', await zipOf({ 'declaration.xml': LARGE.replaceAll('BODE-', 'ZIP-') }));
      await send(
        '00003',
        await zipOf({ 'declaration.xml': LARGE.replace('</DmfAOriginal>', '<Unknown/></DmfAOriginal>') }),
      );
      await eventually(async () => {
        const states = await engine.db('submissions').select('state').orderBy('stem');
        expect(states.map(({ state }) => state)).to.deep.equal(['handled', 'handled', 'refused']);
        expect(await engine.db('outbox')).to.deep.equal([]);
      });
      expect(
        (await engine.db('submission_files').whereNotNull('content_sha256')).map(({ name }) => name),
      ).to.have.lengthOf(1);
      expect(await engine.db('messages')).to.have.lengthOf(4);

      const before = await check();
      expect(before).to.deep.include({ ok: true, missing: { count: 0, items: [] }, damaged: { count: 0, items: [] } });
      expect([before.leftOver.blobs.count, before.leftOver.files.count]).to.deep.equal([1, 0]); // of the refused ZIP

      const swept = await command('sweep', '--grace', '0s', '--stopped', '--yes');
      expect(swept.stdout, swept.stderr).to.match(/^1 blobs /);
      const after = await check();
      expect([after.ok, after.leftOver.blobs.count, after.leftOver.files.count]).to.deep.equal([true, 0, 0]);
      const blobs = createBlobStore({ dir: join(engine.config.dataDir, 'blobs'), log: silentLogger() });
      const named = (await engine.db('blobs').whereNotNull('file').select('file')).map(({ file }) => file);
      expect(await filesOf(blobs)).to.deep.equal(named.sort());
      expect(named.length).to.be.greaterThan(5);
    });
  });
}
