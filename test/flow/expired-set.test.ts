import { expect } from 'chai';
import { fileDate } from '../../engine/core/calendar.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient, type TestClient } from '../support/sender.ts';

describe('a set that never gets its GO', () => {
  const stem = `DMFA.123456.${fileDate(new Date())}.00130.T`;
  let engine: TestEngine;
  let client: TestClient;

  before(async () => {
    engine = await startEngine({ config: { intake: { waitForGo: '1s' } } });
    client = await openClient(engine);
  });
  after(() => engine.stop());

  it('is answered by a negative receipt and leaves the folder', async () => {
    const [name, other] = [`FI.${stem}.2.1`, 'declaration.xml'];
    for (const file of [name, other]) await client.write(file, '<DmfAOriginal/>');
    await client.sftp(`put ${name} INTEST/\nput ${other} INTEST/\n`);
    const receipts = await eventually(async () => {
      const placed = await client.receipts('OUTTEST');
      expect([...placed.keys()]).to.have.members([name, other]);
      return placed;
    });
    expect(receipts.get(name)).to.deep.include({ resultCode: '0', errors: ['130'] });
    expect(receipts.get(other)).to.deep.include({ resultCode: '0', errors: ['129'] });
    expect(await engine.db('folder_files').where({ folder: 'INTEST' })).to.deep.equal([]);
  });
});
