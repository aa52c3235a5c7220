import { padEnterpriseNumber } from '../core/identifiers.ts';
import { findOrganisation, findOrganisationByNsso, type Organisation } from '../registry/organisations.ts';
import type { Db } from '../store/database.ts';
import type { FormFacts } from './xml/inspection.ts';

/**
 * The number an employer is reached by: its enterprise number (ten digits), else its NSSO number or that of a local
 * authority, both without leading zeros. Numbers of different kinds can have the same digits: they are never mixed.
 */
export interface EmployerNumber {
  readonly kind: 'enterprise' | 'nsso' | 'localAuthority';
  readonly number: string;
}

/** Who the employer of a form is (issue of the main job: CompanyID, else its NSSO number); undefined when it names none. */
export function employerOf(
  form: Pick<FormFacts, 'companyId' | 'nssoNumber' | 'localAuthorityNumber'>,
): EmployerNumber | undefined {
  const company = plain(form.companyId);
  if (company) return { kind: 'enterprise', number: padEnterpriseNumber(company) };
  const nsso = plain(form.nssoNumber);
  if (nsso) return { kind: 'nsso', number: nsso };
  const localAuthority = plain(form.localAuthorityNumber);
  return localAuthority ? { kind: 'localAuthority', number: localAuthority } : undefined;
}

/** The registered organisation of an employer, if there is one. */
export async function organisationOf(db: Db, { kind, number }: EmployerNumber): Promise<Organisation | undefined> {
  if (kind === 'enterprise') return findOrganisation(db, number);
  return kind === 'nsso' ? findOrganisationByNsso(db, number) : undefined;
}

const plain = (number: string | undefined): string => (number ?? '').replace(/^0+/, '');
