import { expect } from 'chai';
import { fileDate } from '../../engine/core/calendar.ts';
import { systemClock } from '../../engine/core/clock.ts';
import { linkAudit } from '../../engine/store/audit-chain.ts';
import { auditHeadPath } from '../../engine/store/audit-head.ts';
import { loadAuditKey } from '../../engine/store/audit-key.ts';
import { waitingLines } from '../../engine/store/audit-lines.ts';
import { verifyAudit } from '../../engine/store/audit-verify.ts';
import { aDeclaration } from '../support/declarations.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient, type TestClient } from '../support/sender.ts';

const EMPLOYER = '0206731645';

describe('the audit of submissions', () => {
  let engine: TestEngine;
  let client: TestClient;

  before(async () => {
    engine = await startEngine();
    client = await openClient(engine);
  });
  after(() => engine?.stop());

  const stemOf = (sequence: string) => `DMFA.123456.${fileDate(new Date())}.${sequence}.R`;

  async function send(stem: string, content: string): Promise<void> {
    await client.write(`FI.${stem}.1.1`, content);
    await client.sign(`FI.${stem}.1.1`);
    await client.write(`GO.${stem}.1`, '');
    await client.sftp(`put FI.${stem}.1.1 IN/\nput FS.${stem}.1.1 IN/\nput GO.${stem}.1 IN/\n`);
  }

  /** What the audit says of a stem, in the order it happened. */
  async function linesAbout(stem: string): Promise<string[][]> {
    const { ticket } = await engine.db('submissions').where({ stem }).first();
    const rows = await engine
      .db('audit')
      .where('subject', 'like', `%${ticket}%`)
      .orWhere('facts', 'like', `%${ticket}%`)
      .orderBy('id');
    return rows.map(({ who, what, outcome }) => [who, what, outcome]);
  }

  it('has one line for each thing that mattered, and none with an INSS number', async () => {
    const good = stemOf('00001');
    await send(good, aDeclaration({ forms: [{ companyId: EMPLOYER }] }));
    await eventually(async () => expect(await linesAbout(good)).to.have.length(5));
    const lines = await linesAbout(good);
    expect(lines.slice(0, 2)).to.deep.equal([
      ['123456', 'submission received', 'received'],
      ['engine', 'submission decided', 'handled'],
    ]);
    expect(lines.slice(2)).to.have.deep.members([
      ['engine', 'answer placed', 'placed'],
      ['engine', 'answer placed', 'placed'],
      ['engine', 'form delivered', 'delivered'],
    ]);
    const told = JSON.stringify(await engine.db('audit')).replaceAll(/[0-9a-f]{64}/g, 'hash');
    expect(told).not.to.match(/(?<!\d)\d{11}(?!\d)/);
  });

  it('tells of a refusal with its codes', async () => {
    const bad = stemOf('00002');
    await send(bad, '<DmfAOriginal>');
    await eventually(async () => expect(await linesAbout(bad)).to.have.length(3));
    expect((await linesAbout(bad)).slice(1)).to.deep.equal([
      ['engine', 'submission decided', 'refused'],
      ['engine', 'answer placed', 'placed'],
    ]);
  });

  it('tells who provisioned what, and becomes one chain', async () => {
    const provisioned = await engine.db('audit').where({ what: 'provisioned' }).orderBy('id');
    expect(provisioned.map(({ who, subject, outcome }) => [who, subject, outcome])).to.deep.include.members([
      ['operator', `organisation ${EMPLOYER}`, 'added'],
      ['operator', 'sender 123456', 'added'],
    ]);
    const { dataDir } = engine.config;
    const deps = { db: engine.db, key: await loadAuditKey(dataDir), headPath: auditHeadPath(dataDir) };
    await linkAudit({ ...deps, clock: systemClock });
    await eventually(async () => expect(await waitingLines(engine.db)).to.include({ count: 0 }));
    const { ok, lines, findings } = await verifyAudit(deps);
    expect({ ok, findings }).to.deep.equal({ ok: true, findings: [] });
    expect(lines).to.be.at.least(8 + provisioned.length);
  });
});
