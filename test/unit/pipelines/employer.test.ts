import { expect } from 'chai';
import { employerOf } from '../../../engine/pipelines/employer.ts';
import { mandateFindings } from '../../../engine/pipelines/mandates.ts';
import type { FormFacts } from '../../../engine/pipelines/xml/inspection.ts';
import { aSender } from '../../support/builders.ts';

// both pass their check digits: without its zero the enterprise number reads as an NSSO number
const ENTERPRISE = '0242504849';
const NSSO = '242504849';

const form = (with_: Partial<FormFacts>): FormFacts => ({
  index: 1,
  start: 0,
  end: 0,
  line: 3,
  identification: 'DMFA',
  creationDate: '2026-11-22',
  creationHour: '10:00:00.000',
  attestationStatus: '0',
  typeForm: 'SU',
  ...with_,
});

function codes(employer: string, facts: Partial<FormFacts>, period: { from?: string; until?: string } = {}) {
  const sender = aSender({ mandates: [{ employer, ...period }] });
  return mandateFindings(sender, [form(facts)], '2026-11-22').map(({ code }) => code);
}

describe('employers', () => {
  it('are known by their enterprise number, else by their NSSO number, of which the digits may be the same', () => {
    expect(employerOf({ companyId: NSSO, nssoNumber: '1' })).to.deep.equal({ kind: 'enterprise', number: ENTERPRISE });
    expect(employerOf({ companyId: '0', nssoNumber: `00${NSSO}` })).to.deep.equal({ kind: 'nsso', number: NSSO });
    expect(employerOf({ localAuthorityNumber: '43220065' })).to.include({ kind: 'localAuthority' });
    expect(employerOf({ companyId: '0' })).to.equal(undefined);
  });

  it('are not declared for with another employer’s mandate', () => {
    expect(codes(ENTERPRISE, { companyId: ENTERPRISE })).to.deep.equal([]);
    expect(codes(NSSO, { nssoNumber: NSSO })).to.deep.equal([]);
    expect(codes(ENTERPRISE, { nssoNumber: NSSO })).to.deep.equal(['101']);
    expect(codes(NSSO, { companyId: ENTERPRISE })).to.deep.equal(['101']);
    expect(codes(NSSO, { nssoNumber: NSSO, companyId: '0403019261' })).to.deep.equal(['101']);
    expect(codes(ENTERPRISE, {})).to.deep.equal(['101']);
  });

  it('are declared for within the days of the mandate, both included', () => {
    const facts = { companyId: ENTERPRISE };
    expect(codes(ENTERPRISE, facts, { from: '2026-11-22', until: '2026-11-22' })).to.deep.equal([]);
    expect(codes(ENTERPRISE, facts, { until: '2026-11-21' })).to.deep.equal(['155']);
    expect(codes(ENTERPRISE, facts, { from: '2026-11-23' })).to.deep.equal(['155']);
  });

  it('are named at most a hundred times', () => {
    const forms = Array.from({ length: 500 }, () => form({ companyId: '0403019261' }));
    expect(mandateFindings(aSender({ mandates: [] }), forms, '2026-11-22')).to.have.length(100);
  });
});
