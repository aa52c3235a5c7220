import type { Certificate } from '../certificate.ts';
import { type Crl, entryFor } from './crl.ts';
import { GOOD, type RevocationFinding, unknownFor } from './finding.ts';

/** Lists that may say something of a certificate, and why others could not be had. */
export interface CrlsAtHand {
  readonly lists: readonly Crl[];
  readonly faults: readonly string[];
}

/** Why a list may not be believed, from its signature and who made it; undefined when it may. */
export type SignerFault = (list: Crl) => Promise<string | undefined>;

const SKEW_MS = 300_000; // clocks of two houses differ

/**
 * What lists say of a certificate (RFC 5280 §6.3.3, complete lists of its issuer only): of several of one scope the newest that may
 * be believed counts. A list for some reasons only can say that it is revoked, never that it is good.
 */
export async function askLists(
  certificate: Certificate,
  { lists, faults }: CrlsAtHand,
  now: Date,
  signerFault: SignerFault,
): Promise<RevocationFinding> {
  const own = lists.filter((list) => list.issuerKey === certificate.issuerKey).sort(newestFirst);
  const findings: RevocationFinding[] = faults.length > 0 ? [unknownFor(faults)] : [];
  const heard = new Set<string>();
  for (const list of own) {
    const scope = JSON.stringify(list.scope);
    const fault = list.unusable ?? scopeFault(list, certificate) ?? timeFault(list, now);
    const finding = heard.has(scope) ? undefined : await askList(list, certificate, fault, signerFault);
    if (finding?.believed) heard.add(scope);
    if (finding) findings.push(finding);
  }
  return bestOf(findings);
}

interface ListFinding extends RevocationFinding {
  readonly believed?: true;
}

async function askList(
  list: Crl,
  certificate: Certificate,
  known: string | undefined,
  signerFault: SignerFault,
): Promise<ListFinding> {
  const fault = known ?? (await signerFault(list));
  if (fault) return unknownFor([`a revocation list cannot be used: ${fault}`]);
  const entry = entryFor(list, certificate.serial);
  if (entry) return { ...revoked(entry.revokedAt, entry.reason), believed: true };
  if (isPartial(list, certificate))
    return { ...unknownFor(['the revocation list tells some reasons only']), believed: true };
  return { ...GOOD, believed: true };
}

/** Who is listed is revoked, whatever other lists leave out; who is on no list that is there is good. */
function bestOf(findings: readonly RevocationFinding[]): RevocationFinding {
  const said = (status: RevocationFinding['status']) => findings.find((finding) => finding.status === status);
  const decided = said('revoked') ?? said('good');
  if (decided) return { status: decided.status, detail: decided.detail };
  return unknownFor(
    findings.length > 0 ? findings.map(({ detail }) => detail) : ['there is no revocation list of its issuer'],
  );
}

/** The finding about a certificate that was revoked then, for this reason. */
export function revoked(at: Date, reason?: string): RevocationFinding {
  const why = reason === undefined ? '' : ` (${reason})`;
  return { status: 'revoked', detail: `revoked on ${at.toISOString()}${why}` };
}

const newestFirst = (one: Crl, other: Crl) => other.thisUpdate.getTime() - one.thisUpdate.getTime();

function scopeFault({ scope }: Crl, certificate: Certificate): string | undefined {
  const { only, pointNames } = scope;
  if (only === 'attributes') return 'it is about attribute certificates';
  if (only === 'users' && certificate.ca) return 'it is not about certificate authorities';
  if (only === 'authorities' && !certificate.ca) return 'it is about certificate authorities only';
  if (!pointNames) return undefined;
  const points = certificate.distributionPoints.filter(({ indirect }) => !indirect).flatMap(({ names }) => names);
  return pointNames.some((name) => points.includes(name)) ? undefined : 'it is of another distribution point';
}

/** RFC 5280 §6.3.3 (d): the reasons of the point, where the certificate gives it some only, limit those of the list. */
function isPartial({ scope }: Crl, { distributionPoints: points }: Certificate): boolean {
  if (scope.someReasons) return true;
  const own = points.filter(({ names }) => !scope.pointNames || names.some((name) => scope.pointNames!.includes(name)));
  return own.length > 0 && own.every(({ someReasons }) => someReasons);
}

function timeFault({ thisUpdate, nextUpdate }: Crl, now: Date): string | undefined {
  if (thisUpdate.getTime() > now.getTime() + SKEW_MS)
    return `it is dated ${thisUpdate.toISOString()}, which is to come`;
  if (!nextUpdate) return 'it does not say when the next one comes';
  return now > nextUpdate ? `it is stale: the next one was due on ${nextUpdate.toISOString()}` : undefined;
}
