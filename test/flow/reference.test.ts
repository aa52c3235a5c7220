import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageRoot } from '../../config/package-root.ts';
import { fileDate } from '../../engine/core/calendar.ts';
import { type SubmissionStory, storyOf } from '../../engine/submissions/story.ts';
import { startEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient } from '../support/sender.ts';

const reference = process.env['BODE_REFERENCE'];

/** What the engine says of a declaration when it finds its schemas in this directory first. */
async function verdictOn(declaration: Buffer, schemas: string): Promise<Pick<SubmissionStory, 'receipt' | 'forms'>> {
  const engine = await startEngine({ config: { schemas: { dirs: [schemas] } } });
  try {
    const client = await openClient(engine);
    const stem = `DMFA.123456.${fileDate(new Date())}.00001.R`;
    await client.write(`FI.${stem}.1.1`, declaration);
    await client.sign(`FI.${stem}.1.1`);
    await client.write(`GO.${stem}.1`, '');
    await client.sftp(`put FI.${stem}.1.1 IN/\nput FS.${stem}.1.1 IN/\nput GO.${stem}.1 IN/\n`);
    return await eventually(async () => {
      const receipt = (await client.receipts()).get(`GO.${stem}.1`);
      const story = await storyOf(engine.db, receipt?.ticket ?? '');
      if (!story) throw new Error('not answered yet');
      return { receipt: story.receipt, forms: story.forms };
    });
  } finally {
    await engine.stop();
  }
}

if (reference) {
  describe('the authority’s sample declaration', () => {
    let dropped: string;
    before(async () => {
      dropped = await mkdtemp(join(tmpdir(), 'bode-dropped-'));
      const schemas = (await readdir(reference)).filter((name) => name.endsWith('.xsd'));
      for (const name of schemas) await copyFile(join(reference, name), join(dropped, name));
    });
    after(() => rm(dropped, { recursive: true, force: true }));

    it('gets the same verdict with the authority’s schemas dropped in as with ours', async () => {
      const sample = await readFile(join(reference, 'DmfAOriginal_20223_1_Corrected.xml'));
      const ours = await verdictOn(sample, join(packageRoot(), 'schemas', 'xsd'));
      const theirs = await verdictOn(sample, dropped);
      expect(theirs).to.deep.equal(ours);
      expect(ours.receipt).to.deep.equal({ resultCode: 1, errors: [] });
      expect(ours.forms).to.have.length(1);
    });
  });
}
