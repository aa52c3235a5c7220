import { isInss } from '../../engine/core/identifiers.ts';
import type { Anomaly } from '../../engine/submissions/forms.ts';
import type {
  CheckStory,
  EventStory,
  FormStory,
  ReportStory,
  SubmissionStory,
} from '../../engine/submissions/story.ts';
import type { ReceiptError } from '../../engine/submissions/submissions.ts';
import { printableText } from './output.ts';

/** The story of a submission as lines of text, in the order it happened. Holds INSS numbers: mask them. */
export function tell(story: SubmissionStory): string[] {
  return [
    ...head(story),
    ...section(
      'files',
      story.files.map(({ role, name, size, sha256 }) => `${role} ${name}  ${size} bytes  sha256 ${sha256}`),
    ),
    ...section(`signature: ${story.signature.verdict}`, story.signature.parts.flatMap(reportLines)),
    ...section(`receipt: ${resultText(story.receipt.resultCode)}`, story.receipt.errors.map(errorLine)),
    ...section('forms', story.forms.flatMap(formLines)),
    ...section(
      'answers',
      story.answers.map(({ goal, stem, placedAt }) => `${goal} ${stem}  ${placedAt}`),
    ),
    ...section('events', story.events.map(eventLine)),
  ].map(printableText);
}

function head({ ticket, stem, sender, channel, environment, state, receivedAt }: SubmissionStory): string[] {
  return [
    `submission ${ticket}`,
    `  ${stem}`,
    `  sender ${sender} by ${channel}, environment ${environment}, received ${receivedAt}, ${state}`,
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return [title, ...lines.map((line) => `  ${line}`)];
}

function resultText(resultCode: 0 | 1 | null): string {
  if (resultCode === null) return 'not decided yet';
  return resultCode === 1 ? 'accepted (1)' : 'refused (0)';
}

const CHECKS = [
  ['integrity', 'integrity'],
  ['attributes', 'attributes'],
  ['algorithms', 'algorithms'],
  ['chain', 'chain'],
  ['validity', 'validity'],
  ['revocation', 'revocation'],
  ['senderBinding', 'sender binding'],
] as const satisfies readonly (readonly [keyof ReportStory, string])[];

function reportLines({ file, report }: { file: string; report: ReportStory }): string[] {
  const code = report.code === null ? '' : ` (ACRF-${report.code})`;
  const facts = [report.signatureAlgorithm, report.digest, report.form, report.signingTime].filter(Boolean);
  const { signer } = report;
  return [
    `${file}: ${report.verdict}${code}`,
    ...CHECKS.flatMap(([key, name]) => (report[key] ? [`  ${name}: ${checkText(report[key])}`] : [])),
    ...(facts.length > 0 ? [`  made with: ${facts.join(', ')}`] : []),
    ...(signer ? [`  signer: ${signer.subject}, serial ${signer.serial}, issued by ${signer.issuer}`] : []),
  ];
}

function checkText({ outcome, detail }: CheckStory): string {
  return detail === '' ? outcome : `${outcome}: ${detail}`;
}

function errorLine({ code, detail, file, parent, element, line, column }: ReceiptError): string {
  const where = [file, element && `${parent ?? ''}:${element}`, line && `line ${line}`, column && `column ${column}`];
  const place = where.filter(Boolean).join(' ');
  return `ACRF-${code}${place === '' ? '' : ` [${place}]`} ${detail}`;
}

function formLines({
  index,
  part,
  outcome,
  identification,
  quarter,
  nssoNumber,
  companyId,
  anomalies,
}: FormStory): string[] {
  const facts = [
    identification,
    quarter && `quarter ${quarter}`,
    nssoNumber && `NSSO ${nssoNumber}`,
    companyId && `enterprise ${companyId}`,
  ];
  const known = facts.filter(Boolean).join(', ');
  return [`form ${index} (part ${part}${known === '' ? '' : `, ${known}`}): ${outcome}`, ...anomalies.map(anomalyLine)];
}

function anomalyLine({
  errorId,
  class: severity,
  tagName,
  value,
  label,
  location,
  line,
  column,
  inss,
}: Anomaly): string {
  const who = inss ? ` INSS ${inss}` : '';
  return `  ${errorId} ${severity} ${tagName} "${value}" ${label} [${location} line ${line} column ${column}]${who}`;
}

function eventLine({ at, what, facts }: EventStory): string {
  const details = Object.entries(facts).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [at, what, ...details].join('  ');
}

/** Hides all but the check digits of every INSS number in a text, wrong ones too when they are called so. */
export function maskInss(text: string): string {
  const called = /INSS/i.test(text);
  return text.replace(/(?<!\d)\d{11}(?!\d)/g, (digits) =>
    called || isInss(digits) ? `*********${digits.slice(9)}` : digits,
  );
}
