import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Config, loadConfig } from '../../../config/load.ts';
import { messageOf } from '../../../engine/core/errors.ts';
import { temporaryDir } from '../../support/pki.ts';

describe('configured goals', () => {
  let dir: string;
  let remove: () => Promise<void>;
  beforeEach(async () => {
    ({ dir, remove } = await temporaryDir());
  });
  afterEach(() => remove());

  async function goalsOf(text: string): Promise<Config['goals']> {
    const path = join(dir, 'bode.yaml');
    await writeFile(path, text);
    return (await loadConfig(path)).goals;
  }

  const shipped = async () => (await loadConfig(undefined)).goals;

  it('ship DMFA with all of its functional checks', async () => {
    const { DMFA } = await shipped();
    expect(DMFA?.checks).to.deep.equal([
      ...['inss-duplicate', 'net-owed-amount', 'inss-check-digits', 'enterprise-number', 'nsso-number', 'quarter'].map(
        (name) => ({ name, class: 'B' }),
      ),
      { name: 'form-header', class: 'W' },
    ]);
    expect(DMFA?.signature).to.deep.equal({ R: 'required', T: 'required', S: 'optional' });
    expect(DMFA?.maxFileBytes).to.equal(2 * 2 ** 30);
  });

  it('ship DMWA, DIMN, WECH, ZIMA and AOAT with the generic checks', async () => {
    const goals = await shipped();
    for (const code of ['DMWA', 'DIMN', 'WECH', 'ZIMA', 'AOAT']) {
      const names = goals[code]?.checks.map(({ name }) => name);
      expect(names, code).to.deep.equal(['inss-check-digits', 'enterprise-number', 'nsso-number', 'form-header']);
      expect(goals[code]?.legacyNames, code).to.equal(['WECH', 'ZIMA', 'AOAT'].includes(code));
    }
    expect(goals['DIMN']?.roots).to.deep.equal(['Dimona']);
    expect(goals['DIMN']?.identifications).to.deep.equal(['DIMONA']);
  });

  it('keep what the operator does not change, key by key', async () => {
    const { DMFA } = await goalsOf('goals: { DMFA: { maxFileBytes: 35MiB, signature: { T: optional } } }');
    const before = (await shipped())['DMFA'];
    expect(DMFA).to.deep.equal({
      ...before,
      maxFileBytes: 35 * 2 ** 20,
      signature: { R: 'required', T: 'optional', S: 'optional' },
    });
  });

  it('replace a list as a whole', async () => {
    const { DMFA } = await goalsOf('goals: { DMFA: { checks: [{ name: quarter, class: W }] } }');
    expect(DMFA?.checks).to.deep.equal([{ name: 'quarter', class: 'W' }]);
  });

  it('take away a goal that is set to false', async () => {
    expect(Object.keys(await goalsOf('goals: { AOAT: false }'))).not.to.include('AOAT');
  });

  it('take a goal of the operator that names roots, schemas and identifications only', async () => {
    const goals = await goalsOf('goals: { ABCD: { roots: [A], schemas: ["A_{quarter}.xsd"], identifications: [A1] } }');
    expect(goals['ABCD']).to.deep.include({ code: 'ABCD', maxParts: 9, checks: [], recipients: ['employer'] });
    expect(Object.keys(goals)).to.include('DMFA');
  });

  it('refuse what they do not know, all at once', async () => {
    const error = await goalsOf(
      'goals: { ABCD: {}, dmfx: { roots: [A] }, DMFA: { maxPart: 3, maxParts: 10, checks: [{ name: x, class: B }] }, DIMN: { schemas: [a/b.xsd] } }',
    ).catch(messageOf);
    const places = String(error)
      .split('\n')
      .map((line) => line.split(': ')[1]);
    expect(places).to.include.members([
      'goals.ABCD.roots',
      'goals.ABCD.schemas',
      'goals.ABCD.identifications',
      'goals.dmfx',
      'goals.DMFA.maxPart',
      'goals.DMFA.maxParts',
      'goals.DMFA.checks[0].name',
      'goals.DIMN.schemas[0]',
    ]);
  });

  it('do not change what is inherited by every object', async () => {
    await goalsOf('goals: { __proto__: { polluted: true } }').catch(messageOf);
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
  });
});
