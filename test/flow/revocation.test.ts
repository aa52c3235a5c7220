import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { fileDate } from '../../engine/core/calendar.ts';
import { useBode } from '../support/command-runner.ts';
import { aDeclaration } from '../support/declarations.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { type OpensslCa, openOpensslCa } from '../support/openssl-ca.ts';
import { type Credentials, temporaryDir } from '../support/pki.ts';
import { openClient, type TestClient } from '../support/sender.ts';

const FOLDERS = { R: ['IN', 'OUT'], T: ['INTEST', 'OUTTEST'] } as const;

describe('revocation in a running engine, hard in R and soft in T', () => {
  const bode = useBode();
  let ca: OpensslCa;
  let engine: TestEngine;
  let client: TestClient;
  let remove: () => Promise<void>;
  let good: Credentials;
  let other: Credentials;
  let sequence = 0;

  before(async () => {
    const temporary = await temporaryDir();
    ({ remove } = temporary);
    ca = await openOpensslCa(join(temporary.dir, 'ca'));
    [good, other] = [await ca.issue('good'), await ca.issue('other')];
    await mkdir(join(ca.dir, 'lists'));
    await ca.list('lists/ca.crl');
    const revocation = { crls: [join(ca.dir, 'lists')], unknown: { R: 'hard', T: 'soft' } };
    engine = await startEngine({
      config: { trust: { anchors: [ca.ca.cert], revocation } },
      senders: [{ certificates: [good.cert, other.cert] }],
    });
    client = await openClient(engine);
  });
  after(async () => {
    await engine.stop();
    await remove();
  });

  /** Sends a declaration signed with a certificate; gives the codes of the receipt and what the report says of revocation. */
  async function send(signer: Credentials, environment: 'R' | 'T' = 'R') {
    const stem = `DMFA.123456.${fileDate(new Date())}.${String(++sequence).padStart(5, '0')}.${environment}`;
    const [into, out] = FOLDERS[environment];
    const [fi, go] = [`FI.${stem}.1.1`, `GO.${stem}.1`];
    await client.write(fi, aDeclaration());
    await client.write(go, '');
    await client.sign(fi, signer);
    await client.sftp(`put ${fi} ${into}/\nput ${fi.replace('FI', 'FS')} ${into}/\nput ${go} ${into}/\n`);
    const receipt = await eventually(async () => {
      const found = (await client.receipts(out)).get(go);
      expect(found).to.not.equal(undefined);
      return found!;
    }, 30_000);
    const { stdout } = await bode(['submission', receipt.ticket, '--json', '--config', engine.configFile], engine.dir);
    const { outcome, status, detail } = JSON.parse(stdout).signature.parts[0].report.revocation;
    return { errors: receipt.errors, outcome, status, detail };
  }

  it('accepts what is good, and refuses what is revoked from the next list on', async () => {
    expect(await send(good)).to.deep.equal({ errors: [], outcome: 'passed', status: 'good', detail: '' });
    expect(await send(other)).to.deep.include({ errors: [], status: 'good' });
    await ca.revoke(other);
    await ca.list('lists/ca.crl');
    const revoked = await send(other);
    expect(revoked).to.deep.include({ errors: ['125'], outcome: 'failed', status: 'revoked' });
    expect(revoked.detail).to.match(/^the certificate was revoked on .* \(keyCompromise\)$/);
  });

  it('refuses in R what a stale list does not know, and accepts and notes it in T', async () => {
    await ca.list('lists/ca.crl', { from: '20250101000000Z', until: '20250102000000Z' });
    expect(await send(good, 'R')).to.deep.include({ errors: ['125'], outcome: 'failed', status: 'unknown' });
    const noted = await send(good, 'T');
    expect(noted).to.deep.include({ errors: [], outcome: 'indeterminate', status: 'unknown' });
    expect(noted.detail).to.match(/^revocation unknown: a revocation list cannot be used: it is stale/);
  });

  it('refuses a certificate with 153 as soon as it was ended by the command line', async () => {
    await ca.list('lists/ca.crl');
    const config = ['--config', engine.configFile];
    const { items } = JSON.parse((await bode(['certificates', '--json', ...config], engine.dir)).stdout);
    const { fingerprint } = items.find(({ subject }: { subject: string }) => subject === 'CN=good');
    const ended = await bode(
      ['certificates', 'end', '123456', fingerprint, '--at', new Date().toISOString(), ...config],
      engine.dir,
    );
    expect(ended).to.include({ status: 0 });
    expect(await send(good)).to.deep.include({ errors: ['153'] });
  });
});
