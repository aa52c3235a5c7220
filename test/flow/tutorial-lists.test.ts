import { mkdtempSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { packageRoot } from '../../config/package-root.ts';
import { bode } from '../support/command-line.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { goalSender } from '../support/institution.ts';
import { openClient } from '../support/sender.ts';

const MUNICIPALITY = '0206731645';

describe('the tutorial on lists', () => {
  const schemas = mkdtempSync(join(tmpdir(), 'bode-tutorial-'));
  let blocks: ReadonlyMap<string, string>;
  let engine: TestEngine;

  before(async () => {
    const text = await readFile(join(packageRoot(), 'docs', 'tutorial-lists.md'), 'utf8');
    const found = text.matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```$/gm);
    blocks = new Map([...found].map(([, name = '', content = '']) => [name, content]));
    await writeFile(join(schemas, 'Fines_1.xsd'), block('Fines_1.xsd'));
    const config = { ...parse(block('bode.yaml')), schemas: { dirs: [schemas] } };
    engine = await startEngine({ config, senders: [{ goals: ['FINE'] }] });
  });
  after(async () => {
    await engine?.stop();
    await rm(schemas, { recursive: true, force: true });
  });

  const block = (name: string) => {
    const content = blocks.get(name);
    if (content === undefined) throw new Error(`the tutorial has no ${name}`);
    return content;
  };
  const lists = (...args: string[]) => bode(['lists', ...args, '--config', engine.configFile], engine.dir);

  it('makes the list that it shows, by configuration alone', async () => {
    const receipt = await goalSender(await openClient(engine))({ goal: 'FINE', content: block('fines.csv') });
    expect(receipt.errors).to.deep.equal([]);
    await eventually(async () => expect((await engine.db('records').where({ source: 'fines' })).length).to.equal(3));
    const preview = await lists('run', 'fines-monthly', '2026-03', '--preview', '--out', 'preview');
    expect(preview.stdout).to.contain('nothing published');
    expect((await readdir(join(engine.dir, 'preview'))).length).to.equal(5);
    const made = await lists('run', 'fines-monthly', '2026-03');
    expect(made.stdout).to.contain('1 documents with 3 lines, 1 of them corrections');
    expect((await lists('reconcile')).stdout).to.contain('fines-monthly: balanced, 3 records, 3 lines');
    const saved = join(engine.dir, 'saved');
    await bode(['mailbox', MUNICIPALITY, '--save', saved, '--config', engine.configFile], engine.dir);
    const folder = join(saved, (await readdir(saved))[0] ?? '');
    const csv = (await readdir(folder)).find((name) => name.endsWith('.csv')) ?? '';
    expect(await readFile(join(folder, csv), 'utf8')).to.equal(
      `\ufeff${block('expected.csv').replaceAll('\n', '\r\n')}`,
    );
  });
});
