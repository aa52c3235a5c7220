import { expect } from 'chai';
import { mandateFindings } from '../../engine/pipelines/mandates.ts';
import type { FormFacts } from '../../engine/pipelines/xml/inspection.ts';
import { addMandate, endMandate, replaceMandates } from '../../engine/registry/mandate-changes.ts';
import { employerKey, listMandates, type Mandate } from '../../engine/registry/mandates.ts';
import { saveOrganisation } from '../../engine/registry/organisations.ts';
import { addQuality } from '../../engine/registry/qualities.ts';
import { saveSender } from '../../engine/registry/senders.ts';
import type { Db } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { enterpriseNumberOf } from '../../scripts/declaration/numbers.ts';
import { aSender } from '../support/builders.ts';
import { openTestStore, STORES, type StoreKind } from '../support/database.ts';

const NOW = new Date('2026-11-26T10:00:00.000Z');
const TODAY = '2026-11-26';
const SECRETARIAT = { organisation: '0206731645', quality: 'social-secretariat' };
// both pass their check digits: without its zero the enterprise number reads as an NSSO number
const ENTERPRISE = '0242504849';
const NSSO = '242504849';
const BY = { by: 'operator', now: NOW };

const form = (with_: Partial<FormFacts>): FormFacts => ({
  index: 1,
  start: 0,
  end: 1,
  line: 7,
  identification: 'DMFA',
  creationDate: '2026-11-22',
  creationHour: '10:00:00.000',
  attestationStatus: '0',
  typeForm: 'SU',
  ...with_,
});

for (const kind of STORES) contract(kind);

/** What the register of mandates promises, whatever the store. */
function contract(kind: StoreKind): void {
  describe(`mandates contract: ${kind}`, () => {
    let db: Db;
    let close: () => Promise<void>;
    const sender = aSender({ quality: 'social-secretariat' });

    beforeEach(async () => {
      ({ db, close } = await openTestStore(kind));
      const names = { nl: 'Sociaal secretariaat' };
      await saveOrganisation(db, {
        enterpriseNumber: SECRETARIAT.organisation,
        names,
        language: 'nl',
        mailboxType: 'enterprise',
        nssoNumber: '212345609',
      });
      for (const quality of ['social-secretariat', 'employer']) await addQuality(db, SECRETARIAT.organisation, quality);
      await saveSender(db, sender);
    });
    afterEach(() => close());

    const add = (mandate: Partial<Mandate> & { readonly employer: Mandate['employer'] }, mandatee = SECRETARIAT) =>
      inTransaction(db, (tx) => addMandate(tx, mandatee, mandate, BY));
    const codes = async (facts: Partial<FormFacts>, from = sender, goal = 'DMFA', needed = ['social-secretariat']) =>
      (await mandateFindings(db, { sender: from, goal, needed, today: TODAY }, [form(facts)])).map(({ code }) => code);

    it('lets a social secretariat declare for employers whose mandate it holds, and for itself', async () => {
      await add({ employer: employerKey(ENTERPRISE) });
      expect(await codes({ companyId: ENTERPRISE })).to.deep.equal([]);
      expect(await codes({ companyId: SECRETARIAT.organisation })).to.deep.equal([]);
      expect(await codes({ nssoNumber: '0212345609' })).to.deep.equal([]);
      expect(await codes({ companyId: '0403019261' })).to.deep.equal(['101']);
      expect(await codes({})).to.deep.equal(['101']);
    });

    it('never takes numbers of different kinds for each other', async () => {
      await add({ employer: employerKey(ENTERPRISE) });
      expect(await codes({ nssoNumber: NSSO })).to.deep.equal(['101']);
      await add({ employer: employerKey(`00${NSSO}`) });
      expect(await codes({ nssoNumber: NSSO })).to.deep.equal([]);
      expect(await codes({ nssoNumber: NSSO, companyId: '0403019261' })).to.deep.equal(['101']);
    });

    it('follows the days, both included (155), and the goals (154)', async () => {
      const own = employerKey(ENTERPRISE);
      const added = await add({ employer: own, from: TODAY, until: TODAY, goals: ['DMFA'] });
      expect(await codes({ companyId: ENTERPRISE })).to.deep.equal([]);
      expect(await codes({ companyId: ENTERPRISE }, sender, 'DIMN')).to.deep.equal(['154']);
      await inTransaction(db, (tx) => endMandate(tx, added.id, '2026-11-25', BY));
      expect(await codes({ companyId: ENTERPRISE })).to.deep.equal(['101']);
      await add({ employer: own, until: '2026-11-25' });
      await add({ employer: own, from: '2026-11-27' });
      expect(await codes({ companyId: ENTERPRISE })).to.deep.equal(['155']);
    });

    it('is of a quality: an employer’s sender needs none unless the configuration or its own entry says so', async () => {
      await add({ employer: employerKey(ENTERPRISE) });
      const employer = aSender({ quality: 'employer' });
      expect(await codes({ companyId: '0403019261' }, employer)).to.deep.equal([]);
      expect(await codes({ companyId: '0403019261' }, employer, 'DMFA', ['employer'])).to.deep.equal(['101']);
      expect(await codes({ companyId: ENTERPRISE }, { ...employer, mandated: true })).to.deep.equal(['101']);
      expect(await codes({ companyId: '0403019261' }, { ...sender, mandated: false })).to.deep.equal([]);
    });

    it('is needed by every quality to answer what an authority was told', async () => {
      const employer = aSender({ quality: 'employer' });
      const answers = async (facts: Partial<FormFacts>, from = employer) => {
        const question = { sender: from, goal: 'KNFB', needed: [], answers: true, today: TODAY };
        return (await mandateFindings(db, question, [form(facts)])).map(({ code }) => code);
      };
      expect(await answers({ companyId: ENTERPRISE })).to.deep.equal(['101']);
      expect(await answers({ companyId: SECRETARIAT.organisation })).to.deep.equal([]);
      expect(await answers({ companyId: ENTERPRISE }, { ...employer, mandated: false })).to.deep.equal([]);
      await add({ employer: employerKey(ENTERPRISE) }, { ...SECRETARIAT, quality: 'employer' });
      expect(await answers({ companyId: ENTERPRISE })).to.deep.equal([]);
    });

    it('refuses a mandate that overlaps another, one of nobody, and an end after the end; what it does is audited', async () => {
      const employer = employerKey(ENTERPRISE);
      const { id } = await add({ employer, until: '2026-12-31' });
      const refused = async (work: Promise<unknown>) =>
        work.then(
          () => 'done',
          (error: Error) => error.message,
        );
      expect(await refused(add({ employer, from: '2026-12-31' }))).to.match(
        /^mandate \d+ is for 0242504849 from .* end it first/,
      );
      expect(await refused(add({ employer }, { ...SECRETARIAT, quality: 'curator' }))).to.match(
        /has no quality curator/,
      );
      expect(await refused(add({ employer }, { ...SECRETARIAT, organisation: '0403019261' }))).to.match(
        /no organisation/,
      );
      const end = (day: string) => inTransaction(db, (tx) => endMandate(tx, id, day, BY));
      expect(await refused(end('2027-01-01'))).to.match(/cannot be ended later/);
      await end('2026-11-30');
      const lines = await db('audit').where({ what: 'mandate changed' }).orderBy('id');
      expect(lines.map(({ who, outcome }) => [who, outcome])).to.deep.equal([
        ['operator', 'added'],
        ['operator', 'ended'],
      ]);
    });

    it('gives a sender exactly the mandates of a list, and leaves those of its organisation alone', async () => {
      await add({ employer: employerKey('0403019261') });
      const mandatee = { ...SECRETARIAT, sender: sender.number };
      const wanted = Array.from(
        { length: 1_200 },
        (_, at): Mandate => ({ employer: employerKey(enterpriseNumberOf(at)) }),
      );
      const replace = (list: readonly Mandate[]) => inTransaction(db, (tx) => replaceMandates(tx, mandatee, list));
      expect(await replace(wanted)).to.deep.equal({ added: 1_200, removed: 0 });
      expect(await replace(wanted)).to.deep.equal({ added: 0, removed: 0 });
      expect(await replace(wanted.slice(1_000))).to.deep.equal({ added: 0, removed: 1_000 });
      expect(await listMandates(db, { limit: 10_000 })).to.have.length(201);
      expect(await codes({ companyId: enterpriseNumberOf(1_100) })).to.deep.equal([]);
      expect(await codes({ companyId: enterpriseNumberOf(1_100) }, { ...sender, number: '000002' })).to.deep.equal([
        '101',
      ]);
    });

    it('names at most a hundred forms, and asks about the employers of the forms only', async () => {
      const forms = Array.from({ length: 1_000 }, (_, at) => form({ companyId: enterpriseNumberOf(at) }));
      const asked: number[] = [];
      db.on('query', ({ sql, bindings }) => sql.includes('mandates') && asked.push(bindings.length));
      const question = { sender, goal: 'DMFA', needed: ['social-secretariat'], today: TODAY };
      expect(await mandateFindings(db, question, forms)).to.have.length(100);
      if (kind === 'postgres') expect(asked).to.deep.equal([403]);
    });
  });
}
