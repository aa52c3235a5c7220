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

  it('are refused when what is to be filled in could not be answered for, or not be filled in', async () => {
    const texts = { nl: 'x', fr: 'x', de: 'x', en: 'x' };
    const columns = (...parts: object[]) => ({
      formats: ['pdf', 'fixed'],
      columns: parts.map((part, at) => ({ field: `F${at}`, width: 1, texts, ...part })),
    });
    const said = async (...parts: object[]) =>
      (await faultOf(columns(...parts))).replace(/^.*statement-leefloon\.columns: /s, '');
    expect(await said({ form: 'key' }, { form: 'fill', most: 500 }, { form: 'fill', type: 'number' })).to.equal('good');
    expect(await said({ form: 'fill' })).to.contain('none is the key that says what is answered');
    expect(await said({ form: 'key' }, { form: 'fill', type: 'date' })).to.contain('F1 cannot be filled in');
    expect(await said({ form: 'key' }, { form: 'fill', notIn: ['pdf'] })).to.contain('F1 cannot be filled in');
    expect(await said(...Array.from({ length: 21 }, () => ({ form: 'key' })))).to.contain(
      'more than 20 are in the form',
    );
    expect(await said({ form: 'other' })).to.contain(
      'columns[0].form: not one of the values there are; allowed: fill, key',
    );
  });

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
