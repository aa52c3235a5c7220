import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageRoot } from '../../config/package-root.ts';
import { fileDate } from '../../engine/core/calendar.ts';
import { run } from '../../scripts/demonstration/command.ts';
import { aDeclaration } from '../support/declarations.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient, type TestClient } from '../support/sender.ts';
import { servicesRequired, serviceUrl } from '../support/services.ts';

const WITHIN_MS = 5_000;
const reference = process.env['BODE_REFERENCE'];
const SCHEMA_DIRS = [join(packageRoot(), 'schemas', 'xsd'), ...(reference ? [reference] : [])];

let sequence = 0;
const nextStem = (): string => {
  sequence += 1;
  return `DMFA.123456.${fileDate(new Date())}.${String(sequence).padStart(5, '0')}.R`;
};

/** Writes a signed set into the client's directory and names its files, GO last. */
async function writeSet(client: TestClient): Promise<string[]> {
  const stem = nextStem();
  await client.write(`FI.${stem}.1.1`, aDeclaration({ forms: [{ companyId: '0206731645' }], lineEnds: '\r\n' }));
  await client.sign(`FI.${stem}.1.1`);
  await client.write(`GO.${stem}.1`, '');
  return [`FI.${stem}.1.1`, `FS.${stem}.1.1`, `GO.${stem}.1`];
}

/** Waits for the receipts of these GO files and as many notifications. */
async function answersFor(
  client: TestClient,
  gos: readonly string[],
): Promise<{ dir: string; names: readonly string[] }> {
  return eventually(async () => {
    const receipts = await client.receipts();
    const { dir, names } = await client.fetched();
    expect([...receipts.keys()]).to.include.members([...gos]);
    for (const go of gos) expect(receipts.get(go)?.resultCode, go).to.equal('1');
    expect(names.filter((name) => name.startsWith('GO.NOTI.'))).to.have.length.at.least(gos.length);
    return { dir, names };
  }, WITHIN_MS);
}

/** Every FO of a directory: signature by openssl, schema by xmllint, with ours and the authority's where they are at hand. */
async function verifyAnswers(engine: TestEngine, dir: string): Promise<number> {
  const names = (await readdir(dir)).filter((name) => name.startsWith('FO.'));
  const certificate = join(engine.config.dataDir, 'pki', 'engine.pem');
  for (const name of names) {
    const signature = join(dir, name.replace('FO', 'DER'));
    await run('openssl', ['base64', '-d', '-in', join(dir, name.replace('FO', 'FS')), '-out', signature]);
    const input = ['-inform', 'DER', '-in', signature, '-binary', '-content', join(dir, name), '-out', '/dev/null'];
    await run('openssl', ['cms', '-verify', ...input, '-CAfile', certificate]);
    const schema = name.startsWith('FO.ACRF') ? 'ACRF_20231.xsd' : 'NOTIFICATION_20223.xsd';
    for (const from of SCHEMA_DIRS) await run('xmllint', ['--noout', '--schema', join(from, schema), join(dir, name)]);
  }
  return names.length;
}

function suite(broker: string, brokerUrl: string): void {
  describe(`real clients do the main job (${broker})`, () => {
    let engine: TestEngine;
    before(async () => {
      engine = await startEngine({ brokerUrl });
    });
    after(() => engine?.stop());

    it('OpenSSH’s sftp: within 5 s both trios are in OUT, signed by the engine and valid', async () => {
      const client = await openClient(engine);
      const names = await writeSet(client);
      await client.sftp(`${names.map((name) => `put -p ${name} IN/`).join('\n')}\nls -l IN\n`);
      const { dir } = await answersFor(client, [names[2] ?? '']);
      expect(await verifyAnswers(engine, dir)).to.equal(2);
      await client.sftp('rm OUT/*\n');
      expect(await client.sftp('ls -1 OUT\n')).to.not.match(/F[OS]|GO\./);
    });

    it('lftp: uploads under temporary names, mirrors OUT', async () => {
      const client = await openClient(engine);
      const names = await writeSet(client);
      const ssh = `ssh -a -x -i ${engine.loginKey} -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=${client.dir}/hosts`;
      const settings = `set sftp:connect-program "${ssh}"; set xfer:use-temp-file yes; set net:max-retries 1; set net:timeout 20`;
      const lftp = (commands: string) =>
        run('lftp', ['-c', `${settings}; open sftp://voorbeeld:x@127.0.0.1:${engine.port}; ${commands}`], {
          cwd: client.dir,
        });
      for (const name of names) await lftp(`put ${name} -o IN/${name}`);
      const { dir } = await answersFor(client, [names[2] ?? '']);
      await lftp('mirror OUT from-lftp');
      expect((await readdir(join(client.dir, 'from-lftp'))).sort()).to.deep.equal((await readdir(dir)).sort());
      expect(await verifyAnswers(engine, dir)).to.be.at.least(2);
      await client.sftp('rm OUT/*\n');
    });

    it('four sessions at once: each set is answered once', async () => {
      const clients = await Promise.all([1, 2, 3, 4].map(() => openClient(engine)));
      const sets = await Promise.all(clients.map((client) => Promise.all([writeSet(client), writeSet(client)])));
      const batch = (names: readonly string[]) => names.map((name) => `put ${name} IN/`).join('\n');
      await Promise.all(clients.map((client, at) => client.sftp(`${(sets[at] ?? []).map(batch).join('\n')}\n`)));
      const gos = sets.flat().map((names) => names[2] ?? '');
      const { dir, names } = await answersFor(clients[0] as TestClient, gos);
      expect(names.filter((name) => name.startsWith('FO.ACRF'))).to.have.length(8);
      expect(names.filter((name) => name.startsWith('FO.NOTI'))).to.have.length(8);
      expect(await verifyAnswers(engine, dir)).to.equal(16);
    });
  });
}

suite('embedded', 'embedded');
const rabbit = serviceUrl('TEST_AMQP_URL');
if (rabbit || servicesRequired()) suite('RabbitMQ', rabbit ?? 'amqp://TEST_AMQP_URL-is-missing');
