import { EngineError } from '../../core/errors.ts';
import type { Certificate } from '../certificate.ts';
import { KEY_USAGE } from '../certificate.ts';
import { soundChains } from '../chain.ts';
import type { WeakAlgorithm } from '../signature-scheme.ts';
import type { Trust } from '../trust.ts';
import type { Crl } from './crl.ts';
import { askLists, type CrlsAtHand } from './crl-check.ts';
import { type RevocationFinding, unknownFor, worstOf } from './finding.ts';
import { signatureFault } from './signed-structure.ts';

/** Where revocation lists come from: files, or servers with a cache before them. Never rejects. */
export interface CrlSource {
  listsFor(certificate: Certificate, now: Date): Promise<CrlsAtHand>;
}

/** Asks an OCSP responder about a certificate; undefined when there is none to ask. Never rejects. */
export type AskResponder = (question: ResponderQuestion) => Promise<RevocationFinding | undefined>;

export interface ResponderQuestion {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  readonly now: Date;
  readonly allow: readonly WeakAlgorithm[];
  /** What lists say of the certificate of a responder that does not vouch for itself. */
  readonly ofResponder: (responder: Certificate) => Promise<RevocationFinding>;
}

/** Whose revocation is in question. */
export interface RevocationRequest {
  /** From the signer to the anchor; every certificate but the anchor is asked about. */
  readonly path: readonly Certificate[];
  /** Certificates among which a separate signer of a list may be. */
  readonly offered: readonly Certificate[];
  readonly now: Date;
  readonly allow: readonly WeakAlgorithm[];
}

/** What is known of the revocation of a path; within the configured time, never rejects. */
export type CheckRevocation = (request: RevocationRequest) => Promise<RevocationFinding>;

export interface RevocationDeps {
  readonly trust: Trust;
  readonly lists: readonly CrlSource[];
  readonly askResponder: AskResponder;
  /** The longest that one check may take, in ms; then nothing is known. */
  readonly withinMs: number;
}

interface Round extends RevocationRequest {
  readonly deps: RevocationDeps;
  /** Signers of lists that are being looked into: one that vouches for itself in a circle is not believed. */
  readonly open: ReadonlySet<string>;
}

const MOST_OPEN = 3;

/** Checks paths against revocation lists and OCSP responders (RFC 5280 §6.3, RFC 6960). */
export function createRevocation(deps: RevocationDeps): CheckRevocation {
  const verified = new WeakMap<Crl, Map<string, string | undefined>>();
  return (request) => withinTime(deps.withinMs, readable(checkPath({ ...request, deps, open: new Set() }, verified)));
}

type Verified = WeakMap<Crl, Map<string, string | undefined>>;

/** What cannot be read in the middle of a list, or of a certificate that came with an answer, tells nothing. */
async function readable(finding: Promise<RevocationFinding>): Promise<RevocationFinding> {
  try {
    return await finding;
  } catch (error) {
    if (error instanceof EngineError && error.code === 'message_malformed') return unknownFor([error.message]);
    throw error;
  }
}

async function withinTime(ms: number, finding: Promise<RevocationFinding>): Promise<RevocationFinding> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<RevocationFinding>((resolve) => {
    timer = setTimeout(() => resolve(unknownFor([`no answer came within ${ms} ms`])), ms);
  });
  try {
    return await Promise.race([finding, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function checkPath(round: Round, verified: Verified): Promise<RevocationFinding> {
  const findings = await Promise.all(
    round.path.slice(0, -1).map(async (certificate, at) => {
      const finding = await checkOne(certificate, round.path[at + 1]!, round, verified);
      return finding.status === 'good' || at === 0
        ? finding
        : { ...finding, detail: `certificate authority: ${finding.detail}` };
    }),
  );
  return worstOf(findings);
}

/** A responder knows more than a list; what it does not know, a list may. */
async function checkOne(
  certificate: Certificate,
  issuer: Certificate,
  round: Round,
  verified: Verified,
): Promise<RevocationFinding> {
  const { now, allow, deps } = round;
  const ofResponder = (responder: Certificate) => checkLists(responder, round, verified);
  const answer = await deps.askResponder({ certificate, issuer, now, allow, ofResponder });
  if (answer && answer.status !== 'unknown') return answer;
  const listed = await checkLists(certificate, round, verified);
  if (listed.status !== 'unknown' || !answer) return listed;
  return unknownFor([answer.detail, ...(deps.lists.length > 0 ? [listed.detail] : [])]);
}

async function checkLists(certificate: Certificate, round: Round, verified: Verified): Promise<RevocationFinding> {
  const { now, deps } = round;
  const found = await Promise.all(deps.lists.map((source) => source.listsFor(certificate, now)));
  const atHand = { lists: found.flatMap(({ lists }) => lists), faults: found.flatMap(({ faults }) => faults) };
  return askLists(certificate, atHand, now, (list) => listFault(list, round, verified));
}

/** RFC 5280 §6.3.3 (f): the signer of a list stands under the same anchor as the certificate, may sign lists, and is not revoked. */
async function listFault(list: Crl, round: Round, verified: Verified): Promise<string | undefined> {
  const named = candidates(round).filter(({ subjectKey }) => subjectKey === list.issuerKey);
  const allowed = named.filter(maySignLists);
  if (allowed.length === 0)
    return named.length === 0 ? 'the certificate of its signer is not known' : 'its issuer may not sign lists';
  let fault: string | undefined;
  for (const signer of allowed) {
    const found = valueFault(list, signer, round.allow, verified) ?? (await trustFault(signer, round, verified));
    if (!found) return undefined;
    fault ??= found;
  }
  return fault;
}

function candidates({ path, offered, deps }: Round): Certificate[] {
  const all = [...path, ...deps.trust.anchors, ...offered];
  return all.filter((one, at) => all.findIndex(({ raw }) => raw.equals(one.raw)) === at);
}

function maySignLists({ keyUsage }: Certificate): boolean {
  return keyUsage === undefined || (keyUsage & KEY_USAGE.crlSigning) !== 0;
}

/** A large list is hashed once for each signer, not for each question. */
function valueFault(
  list: Crl,
  signer: Certificate,
  allow: readonly WeakAlgorithm[],
  verified: Verified,
): string | undefined {
  const known = verified.get(list) ?? new Map<string, string | undefined>();
  verified.set(list, known);
  const name = `${signer.x509.fingerprint256} ${allow.join()}`;
  if (!known.has(name)) known.set(name, signatureFault(list, signer.key, allow));
  return known.get(name);
}

async function trustFault(signer: Certificate, round: Round, verified: Verified): Promise<string | undefined> {
  const { path, deps, offered, now, allow, open } = round;
  if (path.slice(1).some(({ raw }) => raw.equals(signer.raw))) return undefined;
  const id = signer.x509.fingerprint256;
  if (open.has(id) || open.size >= MOST_OPEN) return 'its signer vouches for itself in a circle';
  const request = {
    leaf: signer,
    offered,
    trust: deps.trust,
    allow,
    acceptSelfSigned: false,
    now,
    purpose: 'any',
  } as const;
  const chain = soundChains(request, 4).find((each) => each.path.at(-1)!.raw.equals(path.at(-1)!.raw));
  if (!chain) return 'its signer does not stand under the same trust anchor';
  const finding = await checkPath({ ...round, path: chain.path, open: new Set([...open, id]) }, verified);
  return finding.status === 'good' ? undefined : `its signer: ${finding.detail}`;
}
