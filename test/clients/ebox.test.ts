import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { fromBuffer } from 'yauzl';
import { findMailbox } from '../../engine/mailboxes/mailboxes.ts';
import { saveOrganisation } from '../../engine/registry/organisations.ts';
import { run } from '../../scripts/demonstration/command.ts';
import { type Ebox, OWN, startEbox } from '../support/ebox.ts';
import { CLIENT } from '../support/web.ts';

// compiled tests lie one directory further down than their sources
const SCRIPT = fileURLToPath(new URL('../../../test/clients/ebox-client.sh', import.meta.url));

/** An enterprise number with the right check digits. */
const enterprise = (serial: number) => {
  const first = `0${String(4_000_000 + serial)}`;
  return first + String(97 - (Number(first) % 97)).padStart(2, '0');
};

describe('the mailboxes with curl alone', function () {
  this.timeout(120_000);
  let ebox: Ebox;
  before(async () => {
    ebox = await startEbox();
  });
  after(() => ebox.stop());

  it('publishes, lists, filters, searches, reads, hides, restores, answers, asks after and broadcasts', async () => {
    const { db, dir, pki } = ebox.engine;
    const known = Array.from({ length: 497 }, (_, serial) => enterprise(serial));
    const names = { names: { nl: 'Een' }, language: 'nl', mailboxType: 'enterprise' } as const;
    for (const enterpriseNumber of known) await saveOrganisation(db, { enterpriseNumber, ...names });
    const unknown = [enterprise(900), enterprise(901), '1234567890'];
    const all = [...known, ...unknown].map((eboxIdValue) => ({ eboxType: 'enterprise', eboxIdValue }));
    await writeFile(join(dir, 'recipients.json'), JSON.stringify(all));
    const said = await run(SCRIPT, [ebox.web.url, CLIENT, pki.sender.key, dir]);
    const lines = said.trim().split('\n');
    const [token, , published] = lines;
    const id = published?.split(' ')[1];
    expect(Number(token?.split(' ')[1])).to.be.greaterThan(100);
    const zipSize = Number(lines.find((line) => line.startsWith('zip '))?.slice(4));
    expect(lines.slice(1)).to.deep.equal([
      `organisation ${OWN}`,
      `published ${id} NO_DIGITAL_USER`,
      'listed 1',
      'again ', // by now somebody has opened the mailbox
      'filtered 2',
      'other type 0',
      'searched 2 2 0',
      'read true',
      'part %PDF',
      'hidden 1 1',
      'restored 0',
      `replied ${id}`,
      'body Ik kom',
      'status true true',
      'linked 497 3',
      `zip ${zipSize}`,
      'unread 1',
    ]);
    const last = await findMailbox(db, { kind: 'enterprise', eboxId: known.at(-1) ?? '' });
    expect(await db('mailbox_messages').where({ mailbox: last?.id }).pluck('message_id')).to.deep.equal([id]);
    expect(await namesIn(join(dir, 'all.zip'))).to.have.members([
      ...['letter.pdf', 'annex.txt', 'copy.pdf'].map((name) => `${dayOf()}-${id}/${name}`),
      ...(await namesIn(join(dir, 'all.zip'))).filter((name) => !name.includes(id ?? '')),
    ]);
  });
});

const dayOf = () => new Date().toISOString().slice(0, 10);

async function namesIn(path: string): Promise<string[]> {
  const bytes = await readFile(path);
  return new Promise((resolve, reject) => {
    fromBuffer(bytes, { lazyEntries: false }, (error, zip) => {
      if (error || !zip) return reject(error);
      const names: string[] = [];
      zip.on('entry', ({ fileName }: { fileName: string }) => names.push(fileName));
      zip.on('end', () => resolve(names)).on('error', reject);
    });
  });
}
