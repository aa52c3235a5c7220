import { randomBytes } from 'node:crypto';
import { EngineError } from '../../core/errors.ts';
import type { Download } from './download.ts';
import { type RevocationFinding, unknownFor } from './finding.ts';
import { type JudgedAnswer, judgeAnswer } from './ocsp-judge.ts';
import { certificateId, ocspRequest, readOcspAnswer } from './ocsp-message.ts';
import type { AskResponder, ResponderQuestion } from './revocation.ts';

export interface OcspClientOptions {
  /** Asked about every certificate; '' for none. */
  readonly url: string;
  /** Whether a URL that a certificate names may be followed; only when `url` is ''. */
  readonly mayFollow: (url: string) => boolean;
  readonly download: Download;
  /** Answers without a nonce are refused. */
  readonly nonceRequired: boolean;
  /** How long a responder that failed is not asked again, in ms. */
  readonly askAgainMs: number;
}

interface Kept {
  readonly finding: Promise<RevocationFinding>;
  until: number;
}

const MOST_KEPT = 10_000;
const NONCE_OCTETS = 32;

/**
 * Asks OCSP responders. An answer is kept in this process for as long as it says it is good, of a responder that cannot be had that it
 * cannot be had for a while, and questions about the same certificate at the same time are asked once.
 */
export function createOcspClient(options: OcspClientOptions): AskResponder {
  const kept = new Map<string, Kept>();
  const away = new Map<string, { readonly until: number; readonly fault: string }>();

  async function ask(url: string, question: ResponderQuestion): Promise<JudgedAnswer> {
    const now = question.now.getTime();
    const gone = away.get(url);
    if (gone && now < gone.until) return { finding: unknownFor([gone.fault]) };
    const asked = await exchange(url, question, options);
    if ('judged' in asked) return asked.judged;
    if (away.size >= MOST_KEPT) away.clear();
    away.set(url, { until: now + options.askAgainMs, fault: asked.fault });
    return { finding: unknownFor([asked.fault]) };
  }

  function remembered(name: string, url: string, question: ResponderQuestion): Promise<RevocationFinding> {
    const known = kept.get(name);
    if (known && question.now.getTime() < known.until) return known.finding;
    const judged = ask(url, question);
    const entry: Kept = { finding: judged.then(({ finding }) => finding), until: Number.POSITIVE_INFINITY };
    kept.delete(name);
    if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value!);
    kept.set(name, entry);
    const settle = (until: number) => {
      entry.until = until;
    };
    judged.then(
      ({ until }) => settle(until?.getTime() ?? 0),
      () => settle(0),
    );
    return entry.finding;
  }

  return async (question) => {
    const { certificate, issuer } = question;
    const url = options.url || certificate.ocspUrls.find(options.mayFollow);
    if (url === undefined) return undefined;
    const name = `${url} ${certificate.x509.fingerprint256} ${issuer.x509.fingerprint256}`;
    return remembered(name, url, question);
  };
}

type Asked = { readonly judged: JudgedAnswer } | { readonly fault: string };

async function exchange(url: string, question: ResponderQuestion, options: OcspClientOptions): Promise<Asked> {
  const nonce = randomBytes(NONCE_OCTETS);
  const bytes = ocspRequest(certificateId(question.certificate, question.issuer), nonce);
  const got = await options.download(url, { bytes, type: 'application/ocsp-request' });
  if ('fault' in got) return { fault: `the OCSP responder ${got.fault}` };
  try {
    const answer = readOcspAnswer(got.bytes);
    if ('declined' in answer) return { fault: `the OCSP responder declined: ${answer.declined}` };
    return { judged: await judgeAnswer(answer, question, { nonce, required: options.nonceRequired }) };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { fault: `the OCSP responder gave no answer that can be read: ${error.message}` };
  }
}
