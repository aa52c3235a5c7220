/** What is known of the revocation of one certificate, or of all of a path: three answers that are never mixed up. */
export type RevocationStatus = 'good' | 'revoked' | 'unknown';

export interface RevocationFinding {
  readonly status: RevocationStatus;
  /** One sentence: what was revoked and when, or why nothing is known; empty when good. */
  readonly detail: string;
}

export const GOOD: RevocationFinding = { status: 'good', detail: '' };

/** The finding that nothing is known, with the reasons; each is told once. */
export function unknownFor(reasons: readonly string[]): RevocationFinding {
  return { status: 'unknown', detail: [...new Set(reasons)].join('; ') };
}

/** One revoked certificate is enough; else one of which nothing is known; else good. */
export function worstOf(findings: readonly RevocationFinding[]): RevocationFinding {
  return (
    findings.find(({ status }) => status === 'revoked') ?? findings.find(({ status }) => status === 'unknown') ?? GOOD
  );
}
