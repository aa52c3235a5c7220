import { type OrganisationLine, organisationLines } from '../store/audit-lines.ts';
import { type Acting, require } from './caller.ts';
import { qualityStatesOf } from './organisation-access.ts';
import { mayDo } from './permissions.ts';

const SEE = 'see the audit';

/** The part of the audit that the caller may see, newest first: of the organisation, or of the own qualities. */
export async function auditOf(
  { tx, actor }: Acting,
  enterpriseNumber: string,
  page: { readonly before?: number; readonly limit: number },
): Promise<OrganisationLine[]> {
  if (mayDo(actor, SEE, { enterpriseNumber }) === 'yes') return organisationLines(tx, { enterpriseNumber, ...page });
  const codes = (await qualityStatesOf(tx, enterpriseNumber)).map(({ code }) => code);
  const qualities = codes.filter((quality) => mayDo(actor, SEE, { enterpriseNumber, quality }) === 'yes');
  if (qualities.length === 0) require('forbidden', SEE);
  return organisationLines(tx, { enterpriseNumber, qualities, ...page });
}
