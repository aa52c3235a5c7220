import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { loadConfig } from '../../../config/load.ts';
import { messageOf } from '../../../engine/core/errors.ts';
import { temporaryDir } from '../../support/pki.ts';

describe('configured lists', () => {
  let dir: string;
  let remove: () => Promise<void>;
  beforeEach(async () => {
    ({ dir, remove } = await temporaryDir());
  });
  afterEach(() => remove());

  /** What is said of the shipped monthly statement when a file changes it, or something beside it. */
  async function faultOf(change: object, beside: object = {}): Promise<string> {
    const path = join(dir, 'bode.yaml');
    await writeFile(path, stringify({ lists: { 'statement-leefloon': change }, ...beside }));
    return loadConfig(path).then(() => 'good', messageOf);
  }

  it('are whole as they are shipped', async () => {
    expect(await faultOf({})).to.equal('good');
  });

  const CASES: readonly [what: string, change: object, said: string][] = [
    ['a message type that there is not', { messageType: 'nothing' }, 'messageType: there is no message type nothing'],
    ['a source that there is not', { source: 'nothing' }, 'source: there is no such source'],
    ['a format twice', { formats: ['csv', 'csv'] }, 'formats: a format is named twice'],
    ['a ZIP as the main document', { formats: ['zip', 'csv'] }, 'cannot be the ZIP of the others'],
    ['halves that are not in order', { halves: [10, 3] }, 'halves: not in the order of the year'],
  ];
  for (const [what, change, said] of CASES) {
    it(`are refused with ${what}`, async () => {
      expect(await faultOf(change))
        .to.contain('lists.statement-leefloon.')
        .and.to.contain(said);
    });
  }

  it('are refused when codes are narrower than what they are padded to', async () => {
    const feedback = (pad: number) => ({
      feedback: { answers: { codes: { 7: { closes: true } } }, csv: { pad: { Code: pad } } },
    });
    expect(await faultOf({}, { sources: feedback(2) })).to.contain(
      'sources.feedback.csv.pad.Code: the code 7 would be padded',
    );
    expect(await faultOf({}, { sources: feedback(1) })).to.equal('good');
    expect(await faultOf({}, { sources: feedback(0) })).to.contain('from 1 to 40');
  });

  it('are refused whose message type was taken away', async () => {
    expect(await faultOf({}, { messageTypes: { 'list-statement': false } })).to.contain(
      'lists.statement-leefloon.messageType: there is no message type list-statement',
    );
  });
});
