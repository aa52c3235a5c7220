import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { XMLParser } from 'fast-xml-parser';
import { type Account, sftpSession } from './sftp-session.ts';

/** A receipt or notification as its sender fetched it from OUT. */
export interface Answer {
  readonly goal: 'ACRF' | 'NOTI';
  /** Of its own files: what follows FO, FS and GO. */
  readonly stem: string;
  /** The GO that it answers. */
  readonly fileName: string;
  readonly ticket: string;
  /** Of a receipt. */
  readonly resultCode: string;
  /** Of a receipt, without their prefix. */
  readonly errors: readonly string[];
  /** Of a notification: the reference of each form and whether it was accepted. */
  readonly forms: readonly AnsweredForm[];
  /** Paths of its document and of its signature file. */
  readonly document: string;
  readonly signature: string;
}

export interface AnsweredForm {
  readonly reference: string;
  readonly accepted: boolean;
}

/** Everything in a sender's folders, seen from outside. */
export interface Fetched {
  readonly answers: readonly Answer[];
  /** Names in OUT that belong to no whole trio. */
  readonly strays: readonly string[];
  /** Names that still lie in IN. */
  readonly inNames: readonly string[];
}

const FETCHED_WITHIN_MS = 300_000;

/** Fetches all of OUT and lists IN with OpenSSH's sftp. */
export async function fetchFolders(account: Account, port: number, dir: string): Promise<Fetched> {
  const [out, into] = [join(dir, 'OUT'), join(dir, 'IN')];
  await mkdir(out, { recursive: true });
  await mkdir(into, { recursive: true });
  const batch = [`-get OUT/* ${out}/`, `-get IN/* ${into}/`]; // with a hyphen: an empty folder is no failure
  const { ok, error } = await sftpSession(account, port, batch, { patienceMs: FETCHED_WITHIN_MS });
  if (!ok) throw new Error(`${account.login} cannot fetch its folders: ${error}`);
  const names = new Set(await readdir(out));
  const stems = [...names].filter((name) => name.startsWith('FO.')).map((name) => name.slice(3));
  const whole = stems.filter((stem) => names.has(`FS.${stem}`) && names.has(`GO.${stem}`));
  const inTrio = new Set(whole.flatMap((stem) => [`FO.${stem}`, `FS.${stem}`, `GO.${stem}`]));
  return {
    answers: await Promise.all(whole.map((stem) => readAnswer(stem, out))),
    strays: [...names].filter((name) => !inTrio.has(name)),
    inNames: await readdir(into),
  };
}

const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === 'ErrorID' || name === 'Form' });

async function readAnswer(stem: string, dir: string): Promise<Answer> {
  const document = join(dir, `FO.${stem}`);
  const signature = join(dir, `FS.${stem}`);
  const xml = parser.parse(await readFile(document, 'utf8'));
  const goal = 'ACRF' in xml ? 'ACRF' : 'NOTI';
  const forms: Xml[] = (xml.ACRF ?? xml.NOTIFICATION).Form;
  const { FileName: fileName = '', ReferenceNbr: ticket = '' } = forms[0]?.FileReference ?? {};
  const common = { goal, stem, fileName, ticket, document, signature } as const;
  if (goal === 'NOTI') return { ...common, resultCode: '', errors: [], forms: forms.map(answeredForm) };
  const { ResultCode: resultCode = '', ErrorID: errors = [] } = forms[0]?.ReceptionResult ?? {};
  return { ...common, resultCode, errors: errors.map((code: string) => code.replace('ACRF-', '')), forms: [] };
}

/** What is read of a form in an answer. */
interface Xml {
  readonly FileReference: { readonly FileName: string; readonly ReferenceNbr: string };
  readonly ReceptionResult?: { readonly ResultCode: string; readonly ErrorID?: string[] };
  readonly HandlingResult?: { readonly ResultCode: string };
  readonly Reference?: { readonly ReferenceNbr: string };
}

function answeredForm({ Reference, HandlingResult }: Xml): AnsweredForm {
  return { reference: Reference?.ReferenceNbr ?? '', accepted: HandlingResult?.ResultCode === '1' };
}
