import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { scanFile } from '../../../../engine/pipelines/xml/scan-file.ts';
import type { Parcel, ScanPort } from '../../../../engine/pipelines/xml/scan-job.ts';
import { MAX_ATTRIBUTES, MAX_NODES, MAX_TAG_BYTES } from '../../../../engine/pipelines/xml/scan-limits.ts';
import { readOutline } from '../../../../engine/pipelines/xml/schema-outline.ts';
import { aDeclaration } from '../../../support/declarations.ts';
import { DMFA, type Inspecting, inspecting, NOW } from './inspecting.ts';

const xml = aDeclaration({ forms: [{ persons: 8 }] });

function attributes(count: number, value = ''): string {
  return Array.from({ length: count }, (_, at) => ` a${at}="${value}"`).join('');
}

function withQuarter(text: string): string {
  return xml.replace('<Quarter>', `<Quarter${text}>`);
}

/** The windows that the scanner sends off for a document. */
async function windowsOf(document: string): Promise<Parcel[]> {
  const parcels: Parcel[] = [];
  const port: ScanPort = {
    stopped: () => false,
    syntaxOnly: () => false,
    async send(parcel) {
      parcels.push(parcel);
      return undefined;
    },
  };
  const job = {
    source: { kind: 'bytes', bytes: Buffer.from(document) } as const,
    ...{ goal: DMFA, fileDate: '20261122', now: NOW, schemaDirs: ['schemas/xsd'], windowBytes: 256 * 1024 },
    limits: { findings: 100, anomaliesPerForm: 100, depth: 256 },
  };
  await scanFile(job, port, async (path) => readOutline(readFileSync(path, 'utf8')));
  return parcels;
}

/** Start tags and attributes of a window. */
function nodesOf({ buffer, length }: Parcel): number {
  return (
    Buffer.from(buffer, 0, length)
      .toString('latin1')
      .match(/<[^/]|="/g)?.length ?? 0
  );
}

describe('declarations that would take much memory', () => {
  let engine: Inspecting;
  let small: Inspecting;
  before(() => {
    engine = inspecting();
    small = inspecting({ windowBytes: 2048 });
  });
  after(async () => {
    await engine.inspector.stop();
    await small.inspector.stop();
  });

  async function bothSay(document: string, code: string, detail: RegExp): Promise<void> {
    for (const { inspect } of [engine, small]) {
      const { findings } = await inspect(document);
      expect(findings.map((finding) => finding.code)).to.deep.equal([code]);
      expect(findings[0]?.detail).to.match(detail);
      expect(findings[0]?.line).to.be.greaterThan(1);
    }
  }

  it('with too many attributes in a start tag are refused before a parser sees them', async () => {
    await bothSay(withQuarter(attributes(MAX_ATTRIBUTES + 1)), '102', /^A start tag with more than 128 attributes$/);
    await bothSay(withQuarter(attributes(MAX_ATTRIBUTES)), '255', /not allowed/);
    await bothSay(withQuarter(attributes(100_000)), '102', /^Start tags of more than 65536 bytes$/);
  });

  it('with too long a start tag are refused, also one that does not end', async () => {
    await bothSay(withQuarter(attributes(1, 'a'.repeat(MAX_TAG_BYTES))), '102', /more than 65536 bytes/);
    await bothSay(withQuarter(attributes(1, 'a'.repeat(MAX_TAG_BYTES - 1000))), '255', /not allowed/);
    await bothSay(xml.replace('<Quarter>', `<Quarter${' '.repeat(9_000_000)}`), '102', /more than 65536 bytes/);
  });

  it('with long start tags in each other are refused: every window would repeat them', async () => {
    const tag = `<b${attributes(1, 'a'.repeat(20_000))}>`;
    const nested = (depth: number) => xml.replace('<Quarter>', `${tag.repeat(depth)}${'</b>'.repeat(depth)}<Quarter>`);
    await bothSay(nested(3), '092', /not expected/);
    await bothSay(nested(4), '102', /more than 65536 bytes/);
  });

  it('with attributes where none belong give one finding for each element', async () => {
    const tag = `<NaturalPerson${attributes(100)}/>`;
    const { findings } = await engine.inspect(xml.replace('<NaturalPerson>', `${tag.repeat(20)}<NaturalPerson>`));
    const attributeFaults = findings.filter(({ code }) => code === '255');
    expect(attributeFaults).to.have.length(20);
    expect(new Set(attributeFaults.map(({ column }) => column)).size).to.equal(20);
  });

  it('with long names are judged like others', async () => {
    const name = 'n'.repeat(300);
    await bothSay(xml.replace('<Quarter>', `<${name}><${name}/></${name}><Quarter>`), '092', /not expected/);
  });

  it('with masses of unknown elements are invalid for the first one', async () => {
    const many = '<a/>'.repeat(300_000);
    await bothSay(xml.replace('<Form>', `${many}<Form>`), '205', /^a: This element is not expected/);
    await bothSay(xml.replace('<Reference>', `${many}<Reference>`), '092', /^a: This element is not expected/);
  }).timeout(30_000);

  it('with masses of comments or instructions in one place are refused', async () => {
    for (const piece of ['<!---->', '<?a?>', '<![CDATA[]]>']) {
      const mass = piece.repeat(2 * MAX_NODES + 1);
      await bothSay(xml.replace('<Quarter>', `${mass}<Quarter>`), '102', /comments without the end of an element/);
    }
  });

  it('reach the parser in windows of a bounded number of elements and attributes', async () => {
    const tag = `<b${attributes(100)}/>`;
    for (const mass of ['<a/>'.repeat(400_000), tag.repeat(5000), '<a>'.repeat(200) + '<a/>'.repeat(400_000)]) {
      const closing = mass.startsWith('<a><a>') ? '</a>'.repeat(200) : '';
      for (const place of ['<Form>', '<Reference>', '<Quarter>']) {
        const windows = await windowsOf(xml.replace(place, `${mass}${closing}${place}`));
        expect(windows.length).to.be.greaterThan(1);
        expect(Math.max(...windows.map(nodesOf))).to.be.at.most(MAX_NODES + 1000);
      }
    }
  }).timeout(30_000);

  it('do not keep a plain one waiting until all their windows are checked', async () => {
    const mass = '<a/>'.repeat(1_200_000);
    const hostile = [
      withQuarter(attributes(700_000)),
      xml.replace('<Form>', `${mass}<Form>`),
      xml.replace('<Reference>', `${mass}<Reference>`),
      xml.replace('<Quarter>', `${`<b${attributes(100)}/>`.repeat(12_000)}<Quarter>`),
    ];
    const order: string[] = [];
    const decide = async (name: string, document: string) => {
      const codes = await engine.codes(document);
      order.push(`${name} ${codes.join(' ')}`);
    };
    await Promise.all([...hostile.map((each, at) => decide(`hostile ${at}`, each)), decide('plain', xml)]);
    expect(order).to.have.members(['hostile 0 102', 'hostile 1 205', 'hostile 2 092', 'hostile 3 092', 'plain ']);
    // each file has at most five windows under way; the last three have twenty
    expect(order.indexOf('plain ')).to.be.at.most(1);
  }).timeout(30_000);
});
