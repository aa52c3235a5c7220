import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ZipArchive } from 'archiver';
import { fileDate } from '../../engine/core/calendar.ts';
import { aDeclaration } from '../support/declarations.ts';
import type { TestClient } from '../support/sender.ts';

/** One submission that must be refused with exactly one code. */
export interface Refusal {
  readonly code: string;
  readonly what: string;
  /** Who sends it; default the ordinary sender. */
  readonly login?: string;
  /** The name of its GO, which the receipt will carry. */
  readonly go: string;
  readonly folder?: string;
  /** The FI and FS files to put before the GO, by name; FS files named here are made by signing their FI. */
  readonly files: Readonly<Record<string, string | Buffer>>;
  /** FS files to make by signing. */
  readonly signed?: readonly string[];
}

const today = fileDate(new Date());
let counter = 100;

const nextStem = (goal = 'DMFA', sender = '123456', environment = 'R'): string => {
  counter += 1;
  return `${goal}.${sender}.${today}.${String(counter).padStart(5, '0')}.${environment}`;
};

const GOOD = aDeclaration({ forms: [{ persons: 1 }] });

/** A whole and signed set of one file that only differs by its content. */
function withContent(code: string, what: string, content: string | Buffer, with_: { goal?: string } = {}): Refusal {
  const stem = nextStem(with_.goal);
  const fi = `FI.${stem}.1.1`;
  return { code, what, go: `GO.${stem}.1`, files: { [fi]: content }, signed: [fi] };
}

/** A good, signed declaration under a name made by `nameOf` from a good stem. */
function withName(code: string, what: string, nameOf: (stem: string) => string, folder = 'IN'): Refusal {
  const stem = nextStem();
  return { code, what, go: nameOf(stem), folder, files: {} };
}

const replaced = (code: string, what: string, from: string | RegExp, to: string): Refusal =>
  withContent(code, what, GOOD.replace(from, to));

/** A set of good files under the given names (`FI.1.1` stands for `FI.<stem>.1.1`). */
function withFiles(code: string, what: string, count: number, names: readonly string[], goal = 'DMFA'): Refusal {
  const stem = nextStem(goal);
  const full = (name: string) => name.replace(/^(F[IS])/, `$1.${stem}`);
  const declarations = names.filter((name) => name.startsWith('FI')).map(full);
  const signatures = names.filter((name) => name.startsWith('FS')).map(full);
  const files = Object.fromEntries([
    ...declarations.map((name) => [name, GOOD]),
    ...signatures.map((name) => [name, 'not looked at']),
  ]);
  return { code, what, go: `GO.${stem}.${count}`, files };
}

const element = (stem: string, index: number, value: string): string => {
  const elements = `GO.${stem}.1`.split('.');
  elements[index] = value;
  return elements.join('.');
};

const NAMES: readonly Refusal[] = [
  withName('107', 'a GO without count', (stem) => `GO.${stem}`),
  withName('107', 'a GO that is nothing but GO', () => 'GO.x'),
  withName('108', 'another sender in the name', (stem) => element(stem, 2, '654321')),
  withName('109', 'a date of seven digits', (stem) => element(stem, 3, '2026112')),
  withName('110', 'the 31st of February', (stem) => element(stem, 3, '20260231')),
  withName('111', 'a date in the future', (stem) => element(stem, 3, '20991231')),
  withName('112', 'a sequence of four', (stem) => element(stem, 4, '0001')),
  withName('113', 'letters where the goal wants digits', (stem) =>
    element(element(stem, 1, 'NUMR').slice(3, -2), 4, '24AZG'),
  ),
  withName('114', 'a count of two digits', (stem) => element(stem, 6, '11')),
  withName('115', 'a letter as count', (stem) => element(stem, 6, 'A')),
  withName('116', 'a count of zero', (stem) => element(stem, 6, '0')),
  withName('117', 'an unknown environment', (stem) => element(stem, 5, 'X')),
  withName('118', 'an R file in INTEST', (stem) => `GO.${stem}.1`, 'INTEST'),
  withName('119', 'a T file in IN', (stem) => element(stem, 5, 'T')),
  withName('257', 'an S file in IN', (stem) => element(stem, 5, 'S')),
  withName('126', 'a date of years ago', (stem) => element(stem, 3, '20200101')),
  withName('127', 'a sequence of zeros', (stem) => element(stem, 4, '00000')),
  withName('128', 'more parts than the goal allows', (stem) => element(element(stem, 1, 'FEWP').slice(3, -2), 6, '3')),
  withName('129', 'a goal that does not exist', (stem) => element(stem, 1, 'QQQQ')),
  withName('367', 'a small letter in the sequence', (stem) => element(stem, 4, '0000a')),
];

const SETS: readonly Refusal[] = [
  withFiles('120', 'one FI of two', 2, ['FI.2.1', 'FS.2.1', 'FS.2.2']),
  withFiles('121', 'an FS where none may be', 1, ['FI.1.1', 'FS.1.1'], 'NOSG'),
  withFiles('122', 'no FS', 1, ['FI.1.1']),
  withFiles('123', 'an FI that counts otherwise', 1, ['FI.2.1', 'FS.1.1']),
  withFiles('124', 'an FS numbered past the count', 1, ['FI.1.1', 'FS.1.2']),
  withFiles('131', 'an FI without part', 1, ['FI.1', 'FS.1.1']),
  withFiles('132', 'an FS without part', 1, ['FI.1.1', 'FS.1']),
  withFiles('142', 'no FI at all', 1, ['FS.1.1']),
  { ...withContent('134', 'an empty FI', ''), signed: [] },
  withFiles('168', 'a goal that may not come by SFTP', 1, ['FI.1.1', 'FS.1.1'], 'NOTS'),
  withFiles('154', 'a goal that the sender may not send', 1, ['FI.1.1', 'FS.1.1'], 'DIMN'),
  withFiles('184', 'a file larger than the goal allows', 1, ['FI.1.1', 'FS.1.1'], 'TINY'),
  withFiles('509', 'files that are too large together', 2, ['FI.2.1', 'FI.2.2', 'FS.2.1', 'FS.2.2'], 'SLIM'),
].map((refusal) => (refusal.code === '134' ? withDummySignature(refusal) : refusal));

function withDummySignature(refusal: Refusal): Refusal {
  const fs = Object.keys(refusal.files).map((name) => [name.replace('FI', 'FS'), 'not looked at']);
  return { ...refusal, files: { ...refusal.files, ...Object.fromEntries(fs) } };
}

function ofSender(code: string, what: string, login: string, sender: string): Refusal {
  const stem = nextStem('DMFA', sender);
  const fi = `FI.${stem}.1.1`;
  const content = aDeclaration({ forms: [{ companyId: '0403019261', persons: 1 }] });
  return { code, what, login, go: `GO.${stem}.1`, files: { [fi]: content }, signed: [fi] };
}

const SENDERS: readonly Refusal[] = [
  ofSender('103', 'a suspended sender', 'suspended', '200001'),
  ofSender('101', 'an employer the sender has no mandate for', 'mandated', '200002'),
  ofSender('155', 'a mandate that has ended', 'ended', '200003'),
  ofSender('153', 'a signature with a certificate that is not registered', 'uncertified', '200004'),
];

const CONTENTS: readonly Refusal[] = [
  { ...withFiles('125', 'a signature of other content', 1, ['FI.1.1', 'FS.1.1']) },
  replaced('102', 'XML that is not well-formed', '</INSS>', '</INS>'),
  replaced('102', 'a DOCTYPE', '<DmfAOriginal', '<!DOCTYPE DmfAOriginal><DmfAOriginal'),
  withContent('138', 'bytes that are not UTF-8', Buffer.from(GOOD.replace('BODE-1', 'B\u00e9'), 'latin1')),
  replaced('136', 'no schema named', / xsi:noNamespaceSchemaLocation="[^"]*"/, ''),
  replaced('137', 'a schema named in another way', 'noNamespaceSchemaLocation="', 'schemaLocation="urn:x '),
  replaced('139', 'a default namespace', '<DmfAOriginal ', '<DmfAOriginal xmlns="urn:x" '),
  replaced('088', 'a schema that is not there', 'DmfAOriginal_20231.xsd', 'DmfAOriginal_19991.xsd'),
  withContent(
    '089',
    'another root',
    GOOD.replaceAll('DmfAOriginal ', 'DmfAOther ').replace('</DmfAOriginal', '</DmfAOther'),
  ),
  replaced('090', 'a required element that is missing', /<Trusteeship>0<\/Trusteeship>/, ''),
  replaced(
    '091',
    'elements in the wrong order',
    /(<Trusteeship>.*?<\/Trusteeship>)(\s*)(<CompanyID>.*?<\/CompanyID>)/,
    '$3$2$1',
  ),
  replaced('092', 'an unknown element', '<Trusteeship>', '<Unknown>1</Unknown><Trusteeship>'),
  replaced('093', 'a text that is too long', 'BODE-1', 'B'.repeat(21)),
  replaced('255', 'a value that the schema does not allow', '<Trusteeship>0', '<Trusteeship>7'),
  replaced('205', 'a block that is not a form', '<Form>', '<Trusteeship>0</Trusteeship><Form>'),
  replaced('135', 'a form of a kind that the schema does not have', '>DMFA<', '>DMXX<'),
  withContent('158', 'a form of another kind than the goal in the name', GOOD, { goal: 'OTHR' }),
  withContent('157', 'no form in the file', GOOD.replace(/<Form>[\s\S]*<\/Form>/, '')),
  withContent('172', 'more forms than the goal allows', aDeclaration({ forms: [{}, {}] }), { goal: 'ONEF' }),
  withContent('229', 'a ZIP where none may be', Buffer.from('PK\u0003\u0004 and so on'), { goal: 'ONEF' }),
  withContent('280', 'a ZIP that is broken', Buffer.from('PK\u0003\u0004 and so on')),
];

/** The refusals that need a ZIP to be made first. */
export async function zipRefusals(): Promise<Refusal[]> {
  return [withContent('281', 'a ZIP with two files', await zipOf({ 'a.xml': GOOD, 'b.xml': GOOD }))];
}

/** A ZIP of these files. */
export async function zipOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const archive = new ZipArchive({ zlib: { level: 9 } });
  for (const [name, content] of Object.entries(files)) archive.append(content, { name });
  void archive.finalize();
  const pieces: Buffer[] = [];
  for await (const piece of archive) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** One submission for every code that a receipt of the first contact can carry, but for those that need two steps. */
export const REFUSALS: readonly Refusal[] = [...NAMES, ...SETS, ...SENDERS, ...CONTENTS];

/** Writes and signs the files of a refusal and gives the batch that sends it. */
export async function prepareRefusal(client: TestClient, refusal: Refusal): Promise<string> {
  const folder = refusal.folder ?? 'IN';
  for (const [name, content] of Object.entries(refusal.files)) await client.write(name, content);
  for (const name of refusal.signed ?? []) await client.sign(name);
  await client.write(refusal.go, '');
  const signatures = (refusal.signed ?? []).map((name) => name.replace(/^FI/, 'FS'));
  const names = [...Object.keys(refusal.files), ...signatures, refusal.go];
  return names.map((name) => `put ${name} ${folder}/`).join('\n');
}

/** The content of a file of the client, for a second sending. */
export const contentOf = (client: TestClient, name: string): Promise<Buffer> => readFile(join(client.dir, name));
