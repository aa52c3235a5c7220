import { expect } from 'chai';
import { employerOf } from '../../../engine/pipelines/employer.ts';

// both pass their check digits: without its zero the enterprise number reads as an NSSO number
const ENTERPRISE = '0242504849';
const NSSO = '242504849';

describe('employers', () => {
  it('are known by their enterprise number, else by their NSSO number, of which the digits may be the same', () => {
    expect(employerOf({ companyId: NSSO, nssoNumber: '1' })).to.deep.equal({ kind: 'enterprise', number: ENTERPRISE });
    expect(employerOf({ companyId: '0', nssoNumber: `00${NSSO}` })).to.deep.equal({ kind: 'nsso', number: NSSO });
    expect(employerOf({ localAuthorityNumber: '43220065' })).to.include({ kind: 'localAuthority' });
    expect(employerOf({ companyId: '0' })).to.equal(undefined);
  });
});
