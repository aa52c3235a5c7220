import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { fileDate } from '../../engine/core/calendar.ts';
import { aDeclaration, writeDeclaration } from '../support/declarations.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient, type TestClient } from '../support/sender.ts';

const GOOD = aDeclaration({ forms: [{ companyId: '0206731645', persons: 1 }] });
const PROLOGUE = GOOD.slice(0, GOOD.indexOf('<DmfAOriginal'));
const entities = Array.from({ length: 12 }, (_, level) => `<!ENTITY e${level + 1} "${`&e${level};`.repeat(10)}">`);
const BOMB = `${PROLOGUE}<!DOCTYPE x [<!ENTITY e0 "ha">${entities.join('')}]><x>&e12;</x>`;
const EXTERNAL = `${PROLOGUE}<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>${GOOD.slice(PROLOGUE.length)}`;
const DEEP = GOOD.replace('<Trusteeship>0</Trusteeship>', `${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}`);

let sequence = 0;
const nextStem = (): string => {
  sequence += 1;
  return `DMFA.123456.${fileDate(new Date())}.${String(sequence).padStart(5, '0')}.R`;
};

async function put(client: TestClient, stem: string, content: string | Buffer): Promise<void> {
  await client.write(`FI.${stem}.1.1`, content);
  await send(client, stem);
}

async function send(client: TestClient, stem: string): Promise<void> {
  await client.sign(`FI.${stem}.1.1`);
  await client.write(`GO.${stem}.1`, '');
  await client.sftp(`put FI.${stem}.1.1 IN/\nput FS.${stem}.1.1 IN/\nput GO.${stem}.1 IN/\n`);
}

async function errorsOf(client: TestClient, stem: string, withinMs = 20_000): Promise<readonly string[]> {
  return eventually(async () => {
    const receipt = (await client.receipts()).get(`GO.${stem}.1`);
    if (!receipt) throw new Error(`no receipt for ${stem} yet`);
    return receipt.errors;
  }, withinMs);
}

describe('bad input gets an answer, and the next file is treated as if nothing had happened', () => {
  let engine: TestEngine;
  let client: TestClient;
  before(async () => {
    engine = await startEngine();
    client = await openClient(engine);
  });
  after(() => engine?.stop());

  const table: readonly (readonly [what: string, content: string | Buffer, errors: readonly string[]])[] = [
    ['an entity bomb', BOMB, ['102']],
    ['an external entity', EXTERNAL, ['102']],
    ['100,000 levels of nesting', DEEP, ['102']],
    ['a NUL in the middle', GOOD.replace('<INSS>', '<INSS>\0'), ['102']],
    ['half a file', GOOD.slice(0, GOOD.length / 2), ['102']],
    ['not XML at all', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0xff, 0xfe]), ['102']],
    ['a million line ends', '\r\n'.repeat(1_000_000), ['102']],
    ['UTF-16', Buffer.from(`\ufeff${GOOD.replace('UTF-8', 'UTF-16')}`, 'utf16le'), ['138']],
    ['an unknown encoding', GOOD.replace('UTF-8', 'X-KLINGON'), ['138']],
  ];
  for (const [what, content, errors] of table) {
    it(`${what}: ${errors.join(' ')}`, async () => {
      const stem = nextStem();
      await put(client, stem, content);
      const got = await errorsOf(client, stem);
      expect(got.every((code) => ['102', '138'].includes(code)) && got.length === 1, got.join(' ')).to.equal(true);
      if (what !== 'not XML at all') expect(got).to.deep.equal(errors);
      const next = nextStem();
      await put(client, next, GOOD);
      expect(await errorsOf(client, next)).to.deep.equal([]);
    });
  }

  it('keeps every story free of stack traces', async () => {
    const rows = await engine.db('submissions').select('errors');
    expect(rows.length).to.be.greaterThan(0);
    for (const { errors } of rows) expect(errors).to.not.match(/ at .*\(|node_modules|\.js:\d/);
  });

  it('takes a declaration of 1 GB, answers it, and holds its content once', async function () {
    this.timeout(240_000);
    const stem = nextStem();
    const path = join(client.dir, `FI.${stem}.1.1`);
    await writeDeclaration(path, { bytes: 1_000_000_000, forms: [{ companyId: '0206731645' }] });
    await send(client, stem);
    expect(await errorsOf(client, stem, 180_000)).to.deep.equal([]);
    const file = await engine
      .db('submission_files')
      .where({ name: `FI.${stem}.1.1` })
      .first();
    expect(Number(file.size)).to.be.greaterThan(999_000_000);
    expect(file.sha256).to.equal(await sha256Of(path));
  });
});

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path);
  try {
    for await (const piece of file.createReadStream({ highWaterMark: 1 << 20 })) hash.update(piece);
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}
