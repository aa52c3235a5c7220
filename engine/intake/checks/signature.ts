import type { SignatureReport } from '../signature-report.ts';
import type { Fault, SetFacts, SetFile } from './check.ts';
import { partsOf, signaturesWanted } from './set.ts';

/** What is kept of the signatures of one submission: the verdict on all, and each report. */
export interface SignatureSummary {
  readonly verdict: 'valid' | 'invalid' | 'none';
  readonly parts: readonly { readonly file: string; readonly report: SignatureReport }[];
}

/** Verifies the FS file of one part against its FI file. */
export type VerifyPart = (facts: SetFacts, declaration: SetFile, signature: SetFile) => Promise<SignatureReport>;

/** Stage 8 of protocol §1.8: verifies every FS of the set; codes 125 and 153 follow from the reports. */
export async function checkSignatures(
  facts: SetFacts,
  verify: VerifyPart,
): Promise<{ readonly faults: Fault[]; readonly summary: SignatureSummary }> {
  const signatures = new Map(partsOf(facts, 'FS').map((file) => [file.part, file]));
  const parts: { file: string; report: SignatureReport }[] = [];
  const unsigned: Fault[] = [];
  for (const declaration of partsOf(facts, 'FI')) {
    const signature = signatures.get(declaration.part);
    if (signature) parts.push({ file: signature.file.name, report: await verify(facts, declaration, signature) });
    else if (signaturesWanted(facts) > 0) unsigned.push(unsignedFault(declaration));
  }
  return { faults: [...unsigned, ...parts.flatMap(faultOf)], summary: summaryOf(parts) };
}

function unsignedFault({ file }: SetFile): Fault {
  return { code: '125', detail: 'no signature belongs to this file', file: file.name };
}

function faultOf({ file, report }: SignatureSummary['parts'][number]): Fault[] {
  if (report.code === null) return [];
  const checks = [
    report.integrity,
    report.attributes,
    report.algorithms,
    report.chain,
    report.validity,
    report.revocation,
    report.senderBinding,
  ];
  const failed = checks.filter((check) => check.outcome === 'failed').map((check) => check.detail);
  return [{ code: report.code, detail: failed.join('; ') || 'the signature is not valid', file }];
}

function summaryOf(parts: SignatureSummary['parts']): SignatureSummary {
  if (parts.length === 0) return { verdict: 'none', parts };
  const valid = parts.every(({ report }) => report.verdict === 'valid');
  return { verdict: valid ? 'valid' : 'invalid', parts };
}
